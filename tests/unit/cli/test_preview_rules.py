"""Tests of `preview`'s warnings, of the webhook's rules in it, and of which file it uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_preview import IDENTIFY, TRACK, lines, run

CHECKED = {
    "settings": {"traitNames": {"lang": {"name": "preferred_language", "check": "iso-639-1"}}},
    "subscriptions": [
        {
            "id": "customer",
            "actionSlug": "identifyUser",
            "trigger": 'type = "identify"',
            "settings": {"source_id": {"@path": "$.userId"}, "metadata": {"@path": "$.traits"}},
        },
        {
            "id": "order",
            "actionSlug": "trackEvent",
            "trigger": 'type = "track"',
            "settings": {"event_name": "order", "source_id": {"@path": "$.userId"}},
            "idempotencyKey": {"@path": "$.properties.order_id"},
        },
    ],
}


@pytest.mark.parametrize(
    ("event", "warning"),
    [
        (IDENTIFY | {"traits": {"lang": "Hindi"}}, "it is a string that fails the check iso-639-1"),
        (IDENTIFY | {"traits": {"lang": 5}}, "it is a number that fails the check iso-639-1"),
        (IDENTIFY | {"traits": {"lang": "hi"}}, None),
        (TRACK | {"properties": {}}, "idempotencyKey is missing, not a text"),
        (TRACK | {"properties": {"order_id": ["o1"]}}, "idempotencyKey is an array, not a text"),
        (TRACK | {"properties": {"order_id": ""}}, "idempotencyKey is empty, not a text"),
        (TRACK | {"properties": {"order_id": None}}, "idempotencyKey is null, not a text"),
        (TRACK | {"properties": {"order_id": "o1"}}, None),
        (TRACK | {"properties": {"order_id": 7, "text": "x" * 2**20}}, "only if Rehook accepts"),
    ],
    ids=range(9),
)
def test_what_is_hardly_meant_is_warned_of(
    tmp_path: Path, event: dict[str, Any], warning: str | None
) -> None:
    """A line has a warning for a value that fails its check, a bad key, or a large event."""
    file = tmp_path / "destination.json"
    file.write_text(json.dumps(CHECKED))
    (line,) = lines(run("--destination", file, text=json.dumps(event)))
    (result,) = line["results"]
    assert result["request"]["method"] == "POST"
    assert ("warnings" in result) is (warning is not None)
    assert warning is None or warning in result["warnings"][0]


def test_an_event_that_comes_again_is_shown_as_what_it_will_be() -> None:
    """A repeated event is shown as a duplicate, and another event under its id as a conflict."""
    other = TRACK | {"event": "Order Refunded"}
    text = "\n".join(map(json.dumps, (TRACK, TRACK | {"sentAt": "later"}, other)))
    results = [line["results"][0] for line in lines(run(text=text))]
    assert "request" in results[0]
    assert (results[1]["dropped"], results[1]["reason"]) == ("duplicate", "same_request")
    assert results[2]["dropped"] == "id_conflict"


def test_an_event_that_nothing_names_is_dropped_as_the_webhook_drops_it() -> None:
    """An event without messageId is dropped, unless it has a timestamp."""
    nameless = {name: value for name, value in TRACK.items() if name != "messageId"}
    dropped, sent = lines(
        run(text=json.dumps([nameless, nameless | {"timestamp": "2026-01-01T00:00:00Z"}]))
    )
    assert dropped["results"][0]["dropped"] == "missing_message_id"
    assert sent["messageId"] is None
    assert "request" in sent["results"][0]


def test_what_the_webhook_unwraps_is_unwrapped() -> None:
    """An event in the `json` member of an Extensible Webhook's batch is unwrapped."""
    (line,) = lines(run(text=json.dumps([{"json": TRACK}])))
    assert line["messageId"] == "m1"


def test_an_object_without_a_type_gets_the_webhook_s_hint() -> None:
    """An object without `type` gets the same hint as in the webhook's answer."""
    (line,) = lines(run(text='{"messageId": "m", "total": 5}'))
    assert "it has no `type`" in line["hint"]


def test_the_rules_are_those_that_validate_checks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`preview` uses the file that `validate` checks, and says on standard error which one."""
    monkeypatch.chdir(tmp_path)
    nowhere = run(text=json.dumps(TRACK))
    assert lines(nowhere)[0]["results"][0]["subscription"] == "track-event"
    assert "using Segment's two default subscriptions (there is no layers" in nowhere.stderr
    file = tmp_path / "layers" / "destination" / "destination.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(CHECKED))
    edited = run(text=json.dumps(TRACK))
    assert lines(edited)[0]["results"][0]["subscription"] == "order"
    assert edited.stderr == "segment-rehook: using layers/destination/destination.json\n"
    chosen = run("--destination", file, text=json.dumps(TRACK))
    assert chosen.stderr == f"segment-rehook: using {file}\n"
    file.write_text("{")
    assert run(text=json.dumps(TRACK)).exit_code == 1
