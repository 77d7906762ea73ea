"""Tests of `up --destination` and `reload`: new rules, while queues and secrets stay."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sandbox.conftest import STACK, ran
from tools.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rules(hours: int) -> dict[str, Any]:
    """Make a destination.json. With 13 hours the function does not start."""
    return {"settings": {"maxEventAgeHours": hours}}


def seen(box: Sandbox, text: str = "") -> dict[str, Any]:
    """Send a request; return what the function reports about it."""
    return box.segment.send_raw(text.encode(), {"content-type": "text/plain"}).body


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the path of the destination.json that the sandbox is started with."""
    return tmp_path_factory.mktemp("reload") / "mine.json"


@pytest.fixture(scope="module")
def own(file: Path) -> Iterator[Sandbox]:
    """Start a sandbox on this destination.json."""
    file.write_text(json.dumps(rules(1)))
    with Sandbox(built=STACK, destination=file) as box:
        box.pollers["Consume"].pause()
        yield box


@pytest.fixture
def box(own: Sandbox, file: Path) -> Sandbox:
    """Give the sandbox with its first rules."""
    file.write_text(json.dumps(rules(1)))
    own.reload(file)
    return own


def test_functions_run_on_the_file_that_is_given(box: Sandbox) -> None:
    """The functions use the given file, and the layer's folder is not written to."""
    assert seen(box)["destination"] == rules(1)
    assert not (STACK.parent / "layer" / "destination.json").exists()


def test_a_reload_keeps_everything_but_the_rules(box: Sandbox, file: Path) -> None:
    """After a reload a new process has the new rules, and messages and secrets are as before."""
    before = seen(box)
    box.sqs.send_message(
        QueueUrl=box.queue("Letters").url,
        MessageBody="waits",
        MessageGroupId="g",
        MessageDeduplicationId="reload",
    )
    box.put_secret("other", "kept")
    file.write_text(json.dumps(rules(2)))
    done = ran("reload", "--control", box.control_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(file) in done.stdout
    assert "identify-user, track-event" in done.stdout
    after = seen(box)
    assert after["destination"] == rules(2)
    assert after["process"] != before["process"]
    assert [message.body for message in box.queue("Letters").messages()] == ["waits"]
    name = box.secret_path("other")
    found = box.ssm.get_parameter(Name=name, WithDecryption=True)
    assert found["Parameter"].get("Value") == "kept"


def test_an_event_under_way_ends_by_the_rules_it_began_with(box: Sandbox, file: Path) -> None:
    """A process at work ends its event under the old rules, and then takes no other event."""
    since = len(box.log)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(seen, box, "sleep 0.5")
        box.log.wait_for(lambda line: line.text.startswith("START"), since=since)
        [held] = box.processes("Echo", busy_only=True)
        held.hold()
        file.write_text(json.dumps(rules(3)))
        box.reload()
        held.let_go()
        found = answer.result(10)
    assert (found["process"], found["destination"]) == (held.pid, rules(1))
    box.wait_until(lambda: not held.alive)
    assert seen(box)["destination"] == rules(3)


def test_another_file_is_the_one_from_then_on(box: Sandbox, tmp_path: Path) -> None:
    """A reload without a file reads the last one again; SANDBOX_CONTROL can give the address."""
    other = tmp_path / "other.json"
    for hours in (4, 5):
        other.write_text(json.dumps(rules(hours)))
        named = ["--destination", str(other)] if hours == 4 else []
        done = ran("reload", *named, SANDBOX_CONTROL=box.control_url)
        assert done.returncode == 0, done.stderr
        assert seen(box)["destination"] == rules(hours)


def test_a_file_with_mistakes_changes_nothing(box: Sandbox, file: Path) -> None:
    """Each mistake is printed with the file's name; the process and its rules stay."""
    before = seen(box)["process"]
    file.write_text('{"settings": {"maxEventAge": 1, "deniedEvent": []}}')
    done = ran("reload", "--control", box.control_url)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{file}: settings.") for line in lines)
    assert (seen(box)["process"], seen(box)["destination"]) == (before, rules(1))


def test_rules_that_a_function_does_not_start_with_are_taken_back(box: Sandbox, file: Path) -> None:
    """If a function does not start with the new rules, all functions get the old ones again."""
    file.write_text(json.dumps(rules(13)))
    done = ran("reload", "--control", box.control_url)
    assert done.returncode == 1
    assert "Echo" in done.stderr
    assert "ordered at the start" in done.stderr
    box.kill("Echo")
    assert seen(box)["destination"] == rules(1)


def test_without_a_file_one_must_be_named(running: Sandbox) -> None:
    """A sandbox whose template has no destination.json can't reload without `--destination`."""
    done = ran("reload", "--control", running.control_url)
    assert done.returncode == 1
    assert "--destination" in done.stderr


def test_a_start_with_mistakes_is_refused_by_name(tmp_path: Path) -> None:
    """`up` names the mistakes in a destination file, and does not start."""
    file = tmp_path / "bad.json"
    file.write_text('{"subscriptions": 1}')
    done = ran("up", "--port", "0", "--destination", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{file}: subscriptions " in done.stderr
    missing = ran("up", "--port", "0", "--destination", str(tmp_path / "no.json"))
    assert missing.returncode == 2


@pytest.mark.parametrize("command", ["reload", "send"])
def test_who_is_asked_must_be_there(command: str, box: Sandbox) -> None:
    """A control address that is missing or wrong gives one sentence and no traceback."""
    text = '{"type": "track"}'
    asked = ran(command, text=text)
    assert asked.returncode == 2
    assert "SANDBOX_CONTROL" in asked.stderr
    nobody = ran(command, "--control", "http://127.0.0.1:1", text=text)
    assert nobody.returncode == 1
    assert "no sandbox answers at http://127.0.0.1:1" in nobody.stderr
    for address in (box.aws.url, box.aws.api_url, "nonsense"):
        wrong = ran(command, "--control", address, text=text)
        assert wrong.returncode == 1
        assert "Traceback" not in wrong.stderr
