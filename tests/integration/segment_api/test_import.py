"""Tests of `segment-rehook import`, against a server that answers as Segment's Public API."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segment_rehook.rehook.destination import load
from segment_rehook_cli.main import app
from tests.integration.segment_api.conftest import Run
from tests.integration.segment_api.server import (
    DESTINATION,
    TOKEN,
    Answer,
    SegmentServer,
    error,
    hosted,
)

OUT = Path("destination.json")


def test_the_file_has_what_segment_has(run: Run, segment: SegmentServer) -> None:
    """The result on standard output is valid, and has the subscriptions and nothing besides."""
    orders = hosted(
        "Orders",
        1,
        trigger='type = "track" and event = "Order Completed"',
        settings={
            "event_name": {"@template": "order {{properties.order_id}}"},
            "source_id": {"@path": "$.userId"},
            "metadata": {"total": {"@path": "$.properties.total"}, "via": "web"},
        },
    )
    profile = hosted("Profiles", 2, actionSlug="identifyUser", trigger='type = "identify"')
    profile["settings"] = {"source_id": {"@path": "$.userId"}}
    profile["enabled"] = False
    segment.subscriptions = [orders, profile]
    result = run("import")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == {
        "settings": {},
        "subscriptions": [
            {
                "id": "orders",
                "segmentId": orders["id"],
                "name": "Orders",
                "actionSlug": "trackEvent",
                "enabled": True,
                "trigger": orders["trigger"],
                "settings": orders["settings"],
            },
            {
                "id": "profiles",
                "segmentId": profile["id"],
                "name": "Profiles",
                "actionSlug": "identifyUser",
                "enabled": False,
                "trigger": profile["trigger"],
                "settings": profile["settings"],
            },
        ],
    }
    assert "0 unchanged, 0 changed, 2 new, 0 removed, 0 left out" in result.stderr
    assert "profiles: disabled, as at Segment" in result.stderr


def test_credentials_are_not_taken_over(run: Run, segment: SegmentServer) -> None:
    """The destination's settings are named and their values go nowhere; so is the token."""
    segment.subscriptions = [hosted("A")]
    segment.subscriptions[0]["settings"]["api_secret"] = "hosted-secret"
    result = run("import")
    assert "api_key, api_secret) are not in the file" in result.stderr
    assert "a: without settings that the action does not have: api_secret" in result.stderr
    for secret in ("hosted-key", "hosted-secret", TOKEN):
        assert secret not in result.output + result.stderr
    assert load(result.stdout.encode()).subscriptions[0].id == "a"


def test_what_can_t_be_taken_over_is_listed(run: Run, segment: SegmentServer) -> None:
    """Other actions, Reverse ETL and odd entries are left out by name, with exit code 1."""
    segment.subscriptions = [
        hosted("Cart", 1, actionSlug="updateCart"),
        hosted("Rows", 2, modelId="m1"),
        hosted("Odd", 3, trigger=None),
        hosted("Orders", 4),
    ]
    result = run("import")
    assert result.exit_code == 1
    assert "Cart: left out: the bridge has no action updateCart" in result.stderr
    assert "Rows: left out: its rows come from a Reverse ETL model" in result.stderr
    assert "Odd: left out: Segment gave null as its trigger" in result.stderr
    assert [item.id for item in load(result.stdout.encode()).subscriptions] == ["orders"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trigger": "type ="}, ""),
        ({"trigger": 'typ = "x"'}, "subscriptions[0].trigger can't be parsed"),
        ({"trigger": ""}, "subscriptions[0].trigger must not be empty"),
        ({"settings": {"source_id": {"@pth": "$.a"}}}, "invalid directive"),
        ({"settings": {}}, "advice: subscriptions[0].settings"),
        ({"trigger": 'total > 20 and type = "track"'}, "advice: subscriptions[0].trigger"),
    ],
    ids=repr,
)
def test_mistakes_and_advice_are_told(
    run: Run, segment: SegmentServer, change: dict[str, Any], said: str
) -> None:
    """What `validate` says of the result is said; with a mistake no file is written."""
    segment.subscriptions = [hosted("Orders") | change]
    printed = run("import")
    assert said in printed.stderr
    assert json.loads(printed.stdout)["subscriptions"]
    mistaken = bool(said) and not said.startswith("advice")
    written = run("import", "--out", OUT)
    assert printed.exit_code == written.exit_code == int(mistaken)
    assert OUT.exists() is not mistaken


def test_ids_settings_and_keys_of_the_file_stay(run: Run, segment: SegmentServer) -> None:
    """A subscription that was renamed and changed at Segment keeps its id in the file."""
    segment.subscriptions = [hosted("Orders", 1), hosted("Signups", 2)]
    assert run("import", "--out", OUT).exit_code == 0
    content = json.loads(OUT.read_text())
    content["settings"] = {"eventTypes": {"page": "ignore"}}
    content["$schema"] = "destination.schema.json"
    content["subscriptions"][0]["id"] = "my-orders"
    content["subscriptions"][0]["idempotencyKey"] = {"@path": "$.properties.order_id"}
    OUT.write_text(json.dumps(content))
    segment.subscriptions[0] |= {"name": "All orders", "trigger": 'event = "Order Completed"'}
    segment.subscriptions.append(hosted("Orders", 3))
    result = run("import", "--out", OUT, "--yes")
    assert result.exit_code == 0, result.stderr
    after = json.loads(OUT.read_text())
    assert (after["$schema"], after["settings"]) == (content["$schema"], content["settings"])
    first, second, third = after["subscriptions"]
    assert (first["id"], first["name"]) == ("my-orders", "All orders")
    assert first["idempotencyKey"] == {"@path": "$.properties.order_id"}
    assert (second["id"], third["id"]) == ("signups", "orders")
    assert "1 unchanged, 1 changed, 1 new, 0 removed" in result.stderr


def test_what_segment_does_not_have_goes_or_is_kept(run: Run, segment: SegmentServer) -> None:
    """Without --keep a subscription that is only in the file is removed, and named."""
    segment.subscriptions = [hosted("Orders", 1)]
    run("import", "--out", OUT)
    segment.subscriptions = [hosted("Other", 4, trigger='type = "page"')]
    kept = run("import", "--base", OUT, "--keep")
    assert "orders: kept, though Segment does not have it" in kept.stderr
    assert [item.id for item in load(kept.stdout.encode()).subscriptions] == ["orders", "other"]
    result = run("import", "--out", OUT, "--yes")
    assert "orders: removed, because Segment does not have it" in result.stderr
    assert [item.id for item in load(OUT.read_bytes()).subscriptions] == ["other"]


def test_a_file_is_replaced_only_after_a_confirmation(run: Run, segment: SegmentServer) -> None:
    """Without a terminal and --yes an existing file stays; one that is equal is not touched."""
    segment.subscriptions = [hosted("Orders")]
    assert run("import", "--out", OUT).exit_code == 0
    before = _written(OUT)
    again = run("import", "--out", OUT)
    assert again.exit_code == 0
    assert "nothing was written" in again.stderr
    segment.subscriptions[0]["enabled"] = False
    refused = run("import", "--out", OUT)
    assert refused.exit_code == 2
    assert "give --yes" in refused.stderr
    assert _written(OUT) == before


def _written(file: Path) -> tuple[int, int]:
    """Tell which file it is, and when it was written; reading it changes neither."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns


def test_a_file_is_replaced_as_a_whole(run: Run, segment: SegmentServer, tmp_path: Path) -> None:
    """A link stays a link, permissions stay, and no other file is left behind."""
    folder = tmp_path / "real"
    folder.mkdir()
    real = folder / "d.json"
    real.write_text("{}")
    real.chmod(0o640)
    OUT.symlink_to(real)
    segment.subscriptions = [hosted("Orders")]
    assert run("import", "--out", OUT, "--yes").exit_code == 0
    assert OUT.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [each.name for each in folder.iterdir()] == ["d.json"]
    assert "orders" in real.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "missing/d.json"], "missing/d.json: No such file or directory"),
        (["--base", "missing.json"], "missing.json: No such file or directory"),
        (["--base", "broken.json"], "broken.json: is not JSON"),
        (["--out", "."], ".: Is a directory"),
    ],
    ids=repr,
)
def test_what_can_t_be_read_or_written_is_exit_code_2(
    run: Run, segment: SegmentServer, arguments: list[str], said: str
) -> None:
    """A file that can't be read or written gives one line that names it."""
    Path("broken.json").write_text("{")
    segment.subscriptions = [hosted("Orders")]
    result = run("import", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]


def test_odd_names_give_ids_of_their_own(run: Run, segment: SegmentServer) -> None:
    """Names that are equal, empty, very long, or without a letter give different ids."""
    names = ["Orders", "orders!", "Orders", "👍", "", "\ud83d", "注文 完了", "x" * 300, "x" * 200]
    segment.subscriptions = [
        hosted(name, number, trigger=f'event = "e{number}"') for number, name in enumerate(names)
    ]
    result = run("import")
    assert result.exit_code == 0, result.stderr
    ids = [item.id for item in load(result.stdout.encode()).subscriptions]
    assert ids[:3] == ["orders", "orders-2", "orders-3"]
    assert ids[3:6] == ["trackevent", "trackevent-2", "trackevent-3"]
    assert ids[6:] == ["注文-完了", "x" * 100, "x" * 98 + "-2"]


def test_a_destination_of_another_kind_is_told(run: Run, segment: SegmentServer) -> None:
    """The destination's name and kind are said, that it is no Rehook destination, and disabled."""
    segment.destination |= {"enabled": False, "metadata": {"slug": "actions-mixpanel"}}
    result = run("import")
    assert "destination Rehook prod (actions-mixpanel), which is disabled" in result.stderr
    assert "this is no Rehook destination" in result.stderr
    assert json.loads(result.stdout) == {"settings": {}, "subscriptions": []}


def test_what_segment_refuses_is_exit_code_3(run: Run, segment: SegmentServer) -> None:
    """A refusal gives one line and exit code 3; nothing is said of a file that is there."""
    for there in (False, True):
        if there:
            OUT.write_text("{}")
        segment.before = [error(401, "Unauthorized")]
        result = run("import", "--out", OUT)
        assert result.exit_code == 3
        [line] = result.stderr.splitlines()
        assert line.startswith(
            "segment-rehook: Segment does not accept SEGMENT_PUBLIC_API_TOKEN (401)"
        )
        assert OUT.exists() == there


def test_a_busy_segment_is_waited_for(run: Run, segment: SegmentServer) -> None:
    """After 429 the command goes on by itself, and says so on standard error."""
    segment.before = [Answer(429, headers={"Retry-After": "0"})]
    segment.subscriptions = [hosted("Orders")]
    result = run("import")
    assert result.exit_code == 0
    assert "Segment answered 429; the next try is in 0 s" in result.stderr
    assert json.loads(result.stdout)["subscriptions"]


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\nb", "é"], ids=repr)
@pytest.mark.parametrize("command", [["import", "--out", OUT], ["drift", OUT]], ids=repr)
def test_a_token_that_can_t_be_one_is_not_sent(
    run: Run,
    segment: SegmentServer,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str | Path],
    token: str,
) -> None:
    """Without a proper token there is no request; the only line names the variable, exit code 2.

    Nothing is said of a file that is there, whether it can be read or not.
    """
    monkeypatch.setenv("SEGMENT_PUBLIC_API_TOKEN", token)
    for content in ("{}", "{"):
        OUT.write_text(content)
        result = run(*map(str, command))
        assert result.exit_code == 2
        [line] = result.stderr.splitlines()
        assert "SEGMENT_PUBLIC_API_TOKEN" in line
        assert segment.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.segmentapis.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://user:pass@api.segmentapis.com",
        "https://user@api.segmentapis.com",
        "https://",
        "https://a:x",
        "https://api.segmentapis.com?a=b",
        "segment",
    ],
)
def test_the_token_goes_only_to_https_or_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Any other --api-url is refused before anything is sent."""
    monkeypatch.setenv("SEGMENT_PUBLIC_API_TOKEN", TOKEN)
    arguments = ["import", "--destination-id", DESTINATION, "--api-url", url]
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize("given", ["", "a/b", "../x", "a b", "x" * 101, "é"])
def test_an_id_that_can_t_be_one_is_refused(given: str) -> None:
    """A destination id with other characters is refused before anything is sent."""
    result = CliRunner().invoke(app, ["drift", "--destination-id", given])
    assert result.exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wait_can_be_ended(
    segment: SegmentServer, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM end a wait: exit code 130, no traceback, and the file as it was."""
    file = tmp_path / "destination.json"
    file.write_text("{}")
    segment.before = [Answer(429, headers={"Retry-After": "100"})]
    arguments = ["--destination-id", DESTINATION, "--api-url", segment.url, "--out", str(file)]
    with subprocess.Popen(
        [sys.executable, "-m", "segment_rehook_cli", "import", *arguments, "--yes"],
        env={**os.environ, "SEGMENT_PUBLIC_API_TOKEN": TOKEN},
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "the next try is in 100 s" in running.stderr.readline()
        running.send_signal(number)
        rest = running.stderr.read()
    assert running.returncode == 128 + signal.SIGINT
    assert "Traceback" not in rest
    assert [each.name for each in tmp_path.iterdir()] == ["destination.json"]
    assert file.read_text() == "{}"
