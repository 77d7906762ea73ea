"""Tests of `segment-rehook preview`: scripts may rely on the members of its lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app

TRACK = {
    "type": "track",
    "messageId": "m1",
    "userId": "u1",
    "event": "Order Completed",
    "properties": {"total": 25.5},
}
IDENTIFY = {"type": "identify", "messageId": "m2", "userId": "u1", "traits": {"name": "Bob"}}
PAGE = {"type": "page", "messageId": "m3", "userId": "u1"}


def run(*arguments: str | Path, text: str = "") -> Result:
    """Run `preview` with this text as standard input."""
    return CliRunner().invoke(app, ["preview", *map(str, arguments)], input=text)


def lines(result: Result) -> list[Any]:
    """Return the printed lines, decoded; the command must have succeeded."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_says_what_each_subscription_would_send() -> None:
    """A line has the messageId and, for each subscription, the request that would be sent."""
    assert lines(run(text=json.dumps(TRACK))) == [
        {
            "messageId": "m1",
            "results": [
                {
                    "subscription": "track-event",
                    "request": {
                        "method": "POST",
                        "path": "/events/invoke",
                        "body": {
                            "event_name": "Order Completed",
                            "source_id": "u1",
                            "metadata": {"total": 25.5},
                        },
                    },
                }
            ],
        }
    ]


def test_a_drop_has_its_reason_and_its_detail() -> None:
    """A dropped event's line has a reason of the closed list and a detail for a person."""
    (line,) = lines(run(text='{"type": "track"}'))
    assert line["results"] == [
        {
            "subscription": "track-event",
            "dropped": "missing_user_id",
            "detail": "The root value is missing the required field 'source_id'.",
        }
    ]


def test_what_no_subscription_takes_has_no_results() -> None:
    """An ignored event's line says for each subscription which condition did not hold."""
    assert lines(run(text=json.dumps(PAGE))) == [
        {
            "messageId": "m3",
            "results": [],
            "ignored": [
                {
                    "subscription": "identify-user",
                    "why": 'type = "identify": type is another string',
                },
                {"subscription": "track-event", "why": 'type = "track": type is another string'},
            ],
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([TRACK, IDENTIFY, PAGE]),
        json.dumps([TRACK, IDENTIFY, PAGE], indent=2),
        "\n".join(map(json.dumps, (TRACK, IDENTIFY, PAGE))),
        "\r\n\r\n".join(map(json.dumps, (TRACK, IDENTIFY, PAGE))) + "\n",
        json.dumps([TRACK, IDENTIFY]) + "\n" + json.dumps(PAGE),
    ],
)
def test_an_array_and_one_json_a_line_are_the_same_events(text: str) -> None:
    """Arrays, lines and mixtures of both give one line per event, in order."""
    assert [line["messageId"] for line in lines(run(text=text))] == ["m1", "m2", "m3"]


def test_one_event_over_several_lines_is_one_event() -> None:
    """An event that is indented over several lines is read as one event."""
    assert len(lines(run(text=json.dumps(TRACK, indent=4)))) == 1


def test_files_are_read_in_turn(tmp_path: Path) -> None:
    """Several files are previewed one after another."""
    for name, event in (("a.json", TRACK), ("b.json", PAGE)):
        (tmp_path / name).write_text(json.dumps(event))
    ids = [line["messageId"] for line in lines(run(tmp_path / "a.json", tmp_path / "b.json"))]
    assert ids == ["m1", "m3"]


def test_no_events_are_no_lines() -> None:
    """Empty input, blank lines and an empty array give no lines."""
    assert lines(run(text="")) == []
    assert lines(run(text=" \n\n")) == []
    assert lines(run(text="[]")) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("no json", 1),
        (json.dumps(TRACK) + "\n\n{'a': 1}\n" + json.dumps(PAGE), 3),
        (json.dumps(TRACK) + "\n[1, NaN]", 2),
    ],
)
def test_a_line_that_is_no_json_ends_it_with_its_number(text: str, number: int) -> None:
    """At a line that is not JSON, `preview` prints its number and exits with code 2."""
    result = run(text=text)
    assert result.exit_code == 2
    assert f"line {number} is not JSON" in result.stderr
    assert len(result.stdout.splitlines()) == number // 2


def test_json_that_is_no_event_is_dropped_and_costs_its_neighbours_nothing() -> None:
    """JSON that is not an event is dropped without a messageId; its neighbours are previewed."""
    number, track = lines(run(text=f"[5, {json.dumps(TRACK)}]"))
    assert number["messageId"] is None
    assert number["results"][0]["subscription"] is None
    assert number["results"][0]["dropped"] == "not_an_object"
    assert track["messageId"] == "m1"


def test_a_directive_that_throws_shows_as_a_mapping_error(tmp_path: Path) -> None:
    """A directive that throws is shown as a drop `mapping_error` with the engine's message."""
    wild = {"source_id": {"@path": {"@path": "$.properties.total"}}}
    file = tmp_path / "destination.json"
    file.write_text(
        json.dumps(
            {
                "subscriptions": [
                    {
                        "id": "w",
                        "actionSlug": "trackEvent",
                        "trigger": 'type = "track"',
                        "settings": wild,
                    }
                ]
            }
        )
    )
    (line,) = lines(run("--destination", file, text=json.dumps(TRACK)))
    assert line["results"] == [
        {
            "subscription": "w",
            "dropped": "mapping_error",
            "detail": "@path: expected string, got number",
        }
    ]


def test_a_destination_with_mistakes_ends_it_before_any_event(tmp_path: Path) -> None:
    """If the destination has mistakes, `preview` prints each and exits with code 1."""
    file = tmp_path / "destination.json"
    file.write_text('{"settings": {"x": 1}, "subscriptions": 2}')
    result = run("--destination", file, text=json.dumps(TRACK))
    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.split()[1] for line in result.stderr.splitlines()] == [
        "settings.x",
        "subscriptions",
    ]


@pytest.mark.parametrize("arguments", [["--destination", "gone.json"], ["gone.json"]])
def test_a_file_that_is_not_there_is_named(arguments: list[str]) -> None:
    """A missing file is named, and the exit code is 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert "gone.json: No such file" in result.stderr


def test_a_mapping_may_nest_deeper_than_any_event(tmp_path: Path) -> None:
    """An event of the maximum depth is shown even if its mapping nests it one level deeper."""
    deep: Any = {}
    for _ in range(126):
        deep = {"a": deep}
    settings = {"event_name": "e", "source_id": "u", "metadata": {"in": {"@path": "$.properties"}}}
    file = tmp_path / "destination.json"
    subscription = {"id": "s", "actionSlug": "trackEvent", "trigger": 'type = "track"'}
    file.write_text(json.dumps({"subscriptions": [{**subscription, "settings": settings}]}))
    text = json.dumps({"type": "track", "messageId": "m", "properties": deep})
    (line,) = lines(run("--explain", "--destination", file, text=text))
    assert line["results"][0]["request"]["body"]["metadata"] == {"in": deep}


def test_explain_says_why_and_where_from() -> None:
    """With --explain a line says why each subscription matched or not, and shows its fields."""
    (line,) = lines(run("--explain", text=json.dumps(TRACK)))
    identify, track = line["explain"]
    assert identify == {
        "subscription": "identify-user",
        "matched": False,
        "trigger": 'type = "identify"',
        "why": 'type = "identify": type is another string',
        "saw": {"type": "track"},
    }
    assert track["matched"] is True
    assert track["fields"]["source_id"] == {
        "mapping": {"@path": "$.userId"},
        "reads": ["userId"],
        "gave": "u1",
        "sent": "u1",
    }


def test_explain_tells_disabled_ignored_and_thrown_apart(tmp_path: Path) -> None:
    """--explain distinguishes disabled, ignored, and throwing subscriptions."""
    shared = {"actionSlug": "trackEvent", "trigger": 'userId = "u1" and properties.total > 3'}
    wild = {"source_id": {"@path": {"@path": "$.properties.total"}}}
    raw = {
        "settings": {"eventTypes": {"page": "ignore"}, "eventNamePrefix": "s:"},
        "subscriptions": [
            {"id": "off", "enabled": False, "settings": {}, **shared},
            {"id": "wild", "settings": wild, **shared},
            {"id": "broken", "settings": {}, **shared, "trigger": 'type = "track" and ()'},
        ],
    }
    file = tmp_path / "destination.json"
    file.write_text(json.dumps(raw))
    text = json.dumps([PAGE, TRACK])
    page, track = (
        line["explain"] for line in lines(run("--explain", "--destination", file, text=text))
    )
    assert [entry["why"] for entry in page] == [
        "the subscription is disabled",
        "settings.eventTypes keeps page calls from the subscriptions",
        "settings.eventTypes keeps page calls from the subscriptions",
    ]
    undefined = "Cannot read properties of undefined (reading 'type')"
    assert track[2]["why"] == f"the trigger threw: {undefined}"
    assert track[1]["saw"] == {"userId": "u1", "properties.total": 25.5}
    assert track[1]["fields"]["source_id"]["threw"] == "@path: expected string, got number"
