"""Tests of `python -m tools.sandbox send`: events from files, signed as Segment signs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sandbox.conftest import ran
from tools.sandbox.segment import sign

if TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Sandbox

EVENTS = [{"type": "track", "event": name, "price": "ü"} for name in ("a", "b", "c")]


def answers(output: str) -> list[dict[str, Any]]:
    """Read lines of `status body`; return what the function reports about each request."""
    return [json.loads(line.removeprefix("200 ")) for line in output.splitlines()]


@pytest.fixture(params=["array", "lines", "pretty"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write three events to a file, in three layouts."""
    texts = {
        "array": json.dumps(EVENTS),
        "lines": "\n".join(json.dumps(event, ensure_ascii=False) for event in EVENTS),
        "pretty": json.dumps(EVENTS, indent=2),
    }
    path = tmp_path / "events"
    path.write_text(texts[request.param])
    return path


def test_each_event_is_a_request_of_its_own(box: Sandbox, file: Path) -> None:
    """Each event is one request, in the file's order, with a signature over its body."""
    done = ran("send", str(file), "--control", box.control_url)
    assert (done.returncode, done.stderr) == (0, "")
    requests = [answer["event"] for answer in answers(done.stdout)]
    assert [json.loads(request["body"]) for request in requests] == EVENTS
    for request in requests:
        signature = sign(box.shared_secret, request["body"].encode())
        assert request["headers"]["x-signature"] == signature


def test_a_batch_is_one_request_of_all_files(box: Sandbox, file: Path) -> None:
    """With --batch all files and standard input are one request, whose first event is signed."""
    one = json.dumps(EVENTS[0])
    done = ran("send", "-", str(file), "--batch", text=one, SANDBOX_CONTROL=box.control_url)
    assert (done.returncode, done.stderr) == (0, "")
    [answer] = answers(done.stdout)
    assert json.loads(answer["event"]["body"]) == [EVENTS[0], *EVENTS]
    assert answer["event"]["headers"]["x-signature"] == sign(box.shared_secret, one.encode())


def test_a_batch_has_a_thousand_events_at_most(box: Sandbox) -> None:
    """A batch has at most 1,000 events, as Segment's have; the rest is sent in another batch."""
    text = json.dumps([{"n": number} for number in range(1001)])
    done = ran("send", "--batch", "--control", box.control_url, text=text)
    sizes = [len(json.loads(answer["event"]["body"])) for answer in answers(done.stdout)]
    assert sizes == [1000, 1]


def test_a_script_reads_json(box: Sandbox) -> None:
    """With --json each request is one line of JSON with status and answer."""
    done = ran("send", "--json", "--control", box.control_url, text=json.dumps(EVENTS))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["status"] for line in lines] == [200] * 3
    assert lines[0]["answer"]["greeting"] == "hi"


def test_another_webhook_needs_its_secret(box: Sandbox) -> None:
    """With --webhook the secret must be given, by --secret or by SHARED_SECRET."""
    there = ["send", "--webhook", box.webhook]
    text = json.dumps(EVENTS[0])
    assert ran(*there, text=text).returncode == 2
    for done in (
        ran(*there, "--secret", "s", text=text),
        ran(*there, text=text, SHARED_SECRET="s"),
    ):
        [answer] = answers(done.stdout)
        assert answer["event"]["headers"]["x-signature"] == sign("s", text.encode())


def test_another_answer_than_200_is_told_by_the_exit_code(box: Sandbox) -> None:
    """If an answer is not 200, all events are still sent and shown, and the exit code is 1."""
    there = ("send", "--webhook", f"{box.url}/other", "--secret", "s")
    done = ran(*there, text=json.dumps(EVENTS))
    assert done.returncode == 1
    assert [line[:4] for line in done.stdout.splitlines()] == ["404 "] * 3
    assert done.stderr == "3 of 3 requests were not answered with 200\n"


def test_no_answer_is_a_sentence() -> None:
    """If there is no answer, one sentence says how many requests are left."""
    done = ran("send", "--webhook", "http://127.0.0.1:1", "--secret", "s", text=json.dumps(EVENTS))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("requests left: 3\n")


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", '{"a": 1}\nno'])
def test_what_cant_be_read_sends_nothing(box: Sandbox, text: str, tmp_path: Path) -> None:
    """If one file can't be read, no event of any file is sent."""
    good = tmp_path / "good.json"
    good.write_text(json.dumps(EVENTS))
    since = len(box.log)
    done = ran("send", str(good), "-", "--control", box.control_url, text=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard input" in done.stderr
    assert len(box.log) == since


def test_help_shows_an_example() -> None:
    """The help of each command has an example of it."""
    for command in ("up", "reload", "send"):
        assert f"python -m tools.sandbox {command}" in ran(command, "--help").stdout
