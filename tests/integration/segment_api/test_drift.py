"""Tests of `segment-rehook drift`, against a server that answers as Segment's Public API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.segment_api.conftest import Run
from tests.integration.segment_api.server import SegmentServer, error, hosted

FILE = Path("destination.json")
ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "presets").glob("*.json"))


def lines(text: str) -> list[dict[str, Any]]:
    """Read lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


def test_after_an_import_nothing_differs(run: Run, segment: SegmentServer) -> None:
    """Drift finds nothing in the file that import wrote: exit code 0, and counts alone."""
    segment.subscriptions = [hosted("Orders", 1), hosted("Cart", 2, actionSlug="updateCart")]
    run("import", "--out", FILE)
    result = run("drift", FILE)
    assert result.exit_code == 0
    counts, *rows = result.stdout.splitlines()
    expected = "1 same, 0 different, 0 only at Segment, 0 only in the file, 1 left out"
    assert counts == expected
    assert rows[1].startswith("Cart\tleft out: the bridge has no action updateCart")


def test_each_difference_has_its_place_and_both_values(run: Run, segment: SegmentServer) -> None:
    """As JSON: the counts, then one line for each place that differs, with a JSON pointer."""
    segment.subscriptions = [hosted("Orders", 1), hosted("Gone", 2, trigger='event = "g"')]
    run("import", "--out", FILE)
    changed = segment.subscriptions[0]
    changed |= {"name": "All orders", "enabled": False, "trigger": 'type = "page"'}
    changed["settings"] = {
        "event_name": {"@path": "$.name"},
        "source_id": {"@path": "$.userId"},
        "metadata": {"a/b~c": [1, True]},
        "enable_batching": True,
    }
    segment.subscriptions[1] = hosted("New", 3, trigger='event = "n"')
    result = run("drift", FILE, "--json")
    assert result.exit_code == 1
    orders = {"subscription": "orders", "difference": "different"}
    assert lines(result.stdout) == [
        {
            "counts": {
                "same": 0,
                "different": 1,
                "only at Segment": 1,
                "only in the file": 1,
                "left out": 0,
            }
        },
        {**orders, "pointer": "/name", "segment": "All orders", "file": "Orders"},
        {**orders, "pointer": "/enabled", "segment": False, "file": True},
        {**orders, "pointer": "/trigger", "segment": 'type = "page"', "file": 'type = "track"'},
        {
            **orders,
            "pointer": "/settings/event_name/@path",
            "segment": "$.name",
            "file": "$.event",
        },
        {**orders, "pointer": "/settings/metadata", "segment": {"a/b~c": [1, True]}},
        {"subscription": "New", "difference": "only at Segment"},
        {"subscription": "gone", "difference": "only in the file"},
    ]


@pytest.mark.parametrize(
    ("segment_has", "file_has", "pointers"),
    [
        ({"a/b~c": 1}, {"a/b~c": 2}, ["/settings/metadata/a~1b~0c"]),
        ([1, 2], [1], ["/settings/metadata/1"]),
        (True, 1, ["/settings/metadata"]),
        (1.0, 1, []),
        (None, "", ["/settings/metadata"]),
        ({"a": None}, {}, ["/settings/metadata/a"]),
        ({"b": 1, "a": [{}]}, {"a": [{}], "b": 1}, []),
    ],
    ids=repr,
)
def test_values_are_compared_as_json(
    run: Run, segment: SegmentServer, segment_has: Any, file_has: Any, pointers: list[str]
) -> None:
    """The order of members does not count; true is not 1; null is not nothing."""
    segment.subscriptions = [hosted("Orders")]
    segment.subscriptions[0]["settings"]["metadata"] = {"@literal": file_has}
    run("import", "--out", FILE)
    segment.subscriptions[0]["settings"]["metadata"] = {"@literal": segment_has}
    result = run("drift", FILE, "--json")
    found = [row["pointer"].replace("/@literal", "") for row in lines(result.stdout)[1:]]
    assert found == pointers
    assert result.exit_code == int(bool(pointers))


def test_spaces_in_a_trigger_are_no_difference(run: Run, segment: SegmentServer) -> None:
    """Two triggers that are read alike are the same; a text with other spaces is not."""
    segment.subscriptions = [hosted("Orders", trigger='type = "track" and event = "A B"')]
    run("import", "--out", FILE)
    segment.subscriptions[0]["trigger"] = 'type="track"   and event="A B"'
    assert run("drift", FILE).exit_code == 0
    segment.subscriptions[0]["trigger"] = 'type = "track" and event = "A  B"'
    assert run("drift", FILE).exit_code == 1


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.name)
def test_a_preset_that_was_entered_at_segment_is_the_same(
    run: Run, segment: SegmentServer, preset: Path
) -> None:
    """A file without ids is compared by names, with what Segment has under ids of its own."""
    content = json.loads(preset.read_text())
    segment.subscriptions = [
        {**hosted(each["name"], number), **each} | {"id": f"opaque{number}"}
        for number, each in enumerate(content["subscriptions"])
    ]
    for each in segment.subscriptions:
        each.pop("idempotencyKey", None)
    result = run("drift", preset)
    assert result.exit_code == 0, result.stdout
    assert result.stdout.startswith(f"{len(content['subscriptions'])} same, 0 different")


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "No such file"), ("{", "is not JSON"), ('{"subscriptions": 1}', "must be a list")],
    ids=repr,
)
def test_a_file_that_can_t_be_read_is_exit_code_2(
    run: Run, segment: SegmentServer, text: str | None, said: str
) -> None:
    """Then Segment is not asked."""
    if text is not None:
        FILE.write_text(text)
    result = run("drift", FILE)
    assert result.exit_code == 2
    assert said in result.stderr
    assert segment.requests == []


def test_what_segment_refuses_is_exit_code_3(run: Run, segment: SegmentServer) -> None:
    """A refusal is told apart from a difference."""
    FILE.write_text("{}")
    segment.before = [error(404, "Resource not found")]
    result = run("drift", FILE)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "check --destination-id" in result.stderr


def test_the_page_s_example_is_what_the_command_prints(run: Run, segment: SegmentServer) -> None:
    """The output in docs/import.md is that of such a destination and such a file."""
    fields = {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}}
    segment.subscriptions = [
        hosted("Orders", 1, settings=fields | {"metadata": {"@path": "$.context"}}),
        *(hosted(name, number) for number, name in enumerate(("A", "B", "C"), start=2)),
    ]
    run("import", "--out", FILE)
    segment.subscriptions[0] |= {"enabled": False}
    segment.subscriptions[0]["settings"] = fields | {"metadata": {"@path": "$.properties"}}
    segment.subscriptions.append(hosted("Signed Up", 5, trigger='event = "Signed Up"'))
    page = (ROOT / "docs" / "import.md").read_text()
    example = page.partition("```text drift\n")[2].partition("```")[0]
    assert run("drift", FILE).stdout == example
