"""What throws in a mapping, found before an event comes, and whether it then does."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from segment_rehook.mapping.throws import When, throws
from segment_rehook_cli.mapping.evaluate import evaluate
from tests.conformance.generated.cases import GENERATORS

TEXT = {"@path": "$.text"}
EVENTS: list[dict[str, Any]] = [
    {},
    {"text": "a", "list": [{"a": "b"}], "n": 5, "on": True},
    {"text": "", "list": [], "n": None},
    {"text": 5, "list": {"a": 1}, "on": False},
]
LIQUID = "@liquid"

CASES: list[tuple[object, When | None]] = [
    ({LIQUID: "{% if a %}"}, When.ALWAYS),
    ({LIQUID: "{% for x in y %}{% endfor %}"}, When.ALWAYS),
    ({LIQUID: "{% if on %}{% for x in y %}{% endfor %}{% endif %}"}, When.ALWAYS),
    ({LIQUID: "{% nothing %}"}, When.ALWAYS),
    ({LIQUID: "{{ text"}, When.ALWAYS),
    ({LIQUID: "{{ $.text }}"}, When.ALWAYS),
    ({LIQUID: "{{ text | map: 'x' }}"}, When.ALWAYS),
    ({LIQUID: "{% assign x = text | sort %}"}, When.ALWAYS),
    ({LIQUID: "{% capture x %}{{ text | uniq }}{% endcapture %}"}, When.ALWAYS),
    ({LIQUID: "{% if text | reverse %}{% endif %}"}, When.ALWAYS),
    ({LIQUID: "{% liquid\n echo text | reverse %}"}, When.ALWAYS),
    ({LIQUID: "{{ text | append }}"}, When.ALWAYS),
    ({LIQUID: "{{ text | append: 'x' }}"}, None),
    ({LIQUID: "{{ text | nothing }}"}, None),
    ({LIQUID: "{% if on %}{{ text | map: 'x' }}{% endif %}"}, When.BRANCH),
    ({LIQUID: "{% unless on %}{{ text | map: 'x' }}{% endunless %}"}, When.BRANCH),
    ({LIQUID: "{% if on %}{% elsif text | reverse %}{% endif %}"}, When.BRANCH),
    ({LIQUID: "{% if on %}{% break %}{% endif %}{{ text | map: 'x' }}"}, When.BRANCH),
    ({LIQUID: "{% comment %}{{ text | map: 'x' }}{% endcomment %}"}, None),
    ({LIQUID: "x" * 1000}, None),
    ({LIQUID: "x" * 1001}, When.ALWAYS),
    ({LIQUID: "👍" * 501}, When.ALWAYS),
    ({"@case": {"value": TEXT}}, When.ALWAYS),
    ({"@case": {"operator": "title", "value": TEXT}}, When.GIVEN),
    ({"@case": {"operator": "Lower", "value": TEXT}}, When.GIVEN),
    ({"@case": {"operator": "title", "value": "a"}}, When.ALWAYS),
    ({"@case": {"operator": "upper", "value": TEXT}}, None),
    ({"@replace": {"pattern": "a", "pattern2": "x" * 11, "value": TEXT}}, When.GIVEN),
    (
        {"@replace": {"pattern": "a", "pattern2": "a", "replacement2": "x" * 11, "value": TEXT}},
        When.GIVEN,
    ),
    ({"@replace": {"pattern": "a", "pattern2": "x" * 10, "value": TEXT}}, None),
    ([{"@replace": {"pattern": "x" * 11, "value": TEXT}}], When.GIVEN),
    ({"@if": {"exists": "", "then": 1}}, When.ALWAYS),
    ({"@if": {"then": 1}}, When.ALWAYS),
    ({"@if": {"exists": {LIQUID: "{%"}, "then": 1}}, When.ALWAYS),
    ({"@if": {"exists": TEXT, "then": {LIQUID: "{%"}}}, When.BRANCH),
    ({"@if": {"blank": TEXT, "else": {LIQUID: "{%"}}}, When.BRANCH),
    ({"@json": {"mode": "encode", "value": 0}}, When.ALWAYS),
    ({"@flatten": {"value": TEXT}}, When.ALWAYS),
    ({"@merge": {"objects": []}}, When.ALWAYS),
    ({"@merge": {"objects": [{"@path": "$.on"}]}}, When.ALWAYS),
    ({"@merge": {"direction": "left", "objects": [{LIQUID: "{%"}]}}, When.ALWAYS),
    ({"@path": {"@literal": 5}}, When.ALWAYS),
    ([{"@path": 5}], When.ALWAYS),
    ([{"@nothing": 5}], When.ALWAYS),
    ({"@path": TEXT}, None),
    ({"@literal": {"a": {LIQUID: "{%"}}}, When.ALWAYS),
    ({"@excludeWhenNull": {LIQUID: "{%"}}, When.ALWAYS),
    ({"@transform": {"apply": {"a": {LIQUID: "{%"}}, "mapping": {"b": 1}}}, When.ALWAYS),
    ({"@transform": {"apply": {"a": TEXT}, "mapping": {LIQUID: "{%"}}}, When.ALWAYS),
    ({"@arrayPath": [{LIQUID: "{%"}]}, When.ALWAYS),
    ({"@arrayPath": ["$.list", {"a": {LIQUID: "{%"}}]}, When.GIVEN),
    ({"a": [{"b": {LIQUID: "{%"}}]}, When.ALWAYS),
]


def outcomes(mapping: object, events: list[dict[str, Any]]) -> list[str]:
    """Run a mapping on each event; give `error` or `output`."""
    lines = [json.dumps({"mapping": mapping, "input": event}) for event in events]
    return [next(iter(json.loads(answer))) for answer in evaluate(lines)]


@pytest.mark.parametrize(("value", "when"), CASES, ids=range(len(CASES)))
def test_what_throws_is_found_with_the_events_it_throws_on(
    value: object, when: When | None
) -> None:
    """A part is found to throw on all events, or only on some, as it then does."""
    mapping = {"field": value}
    assert [each.when for each in throws(mapping)] == ([] if when is None else [when])
    ran = outcomes(mapping, EVENTS)
    match when:
        case When.ALWAYS:
            assert set(ran) == {"error"}
        case When.GIVEN | When.BRANCH:
            assert set(ran) == {"error", "output"}
        case None:
            assert "output" in ran


def test_each_is_found_at_its_place() -> None:
    """All parts that throw are found, in the mapping's order, with the engine's own words."""
    mapping = {
        "a": [1, {"@if": {"exists": TEXT, "then": {"x": {"@case": {"value": 1}}}}}],
        "b": {LIQUID: "{{ a | sort }}{{ a | map }}"},
    }
    assert [(".".join(each.path), each.message) for each in throws(mapping)] == [
        ("a.1.@if.then.x.@case", '@case requires a "operator" key'),
        ("b.@liquid", 'filter "sort" is disabled, line:1, col:1'),
        ("b.@liquid", 'filter "map" is disabled, line:1, col:15'),
    ]


def test_below_a_root_directive_the_fields_are_looked_at_too() -> None:
    """Fields below a root directive are checked like those without one."""
    root = {"@transform": {"apply": {"a": TEXT}}}
    mapping = {"__segment_internal_directive": root, "field": {LIQUID: "{%"}}
    assert [each.when for each in throws(mapping)] == [When.ALWAYS]
    assert set(outcomes(mapping, EVENTS)) == {"error"}


@pytest.mark.parametrize("kind", ["mapping", "liquid"])
def test_what_is_said_to_throw_on_every_event_does(kind: str) -> None:
    """A random mapping that is said to throw on every event throws on every event."""
    rng = Random(8)
    events = [GENERATORS["mapping"](rng)["input"] for _ in range(8)]
    objects = [event for event in events if isinstance(event, dict)]
    found = 0
    for _ in range(1500):
        case = GENERATORS[kind](rng)
        certain = [each for each in throws(case["mapping"]) if each.when is When.ALWAYS]
        if certain:
            found += 1
            own = [case["input"]] if isinstance(case["input"], dict) else []
            ran = outcomes(case["mapping"], [*own, *objects, *EVENTS])
            assert set(ran) == {"error"}, case["mapping"]
    assert found > 50, "the generator no longer makes what throws"
