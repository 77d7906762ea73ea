"""What the engine does faster where it can comes out as where it can't."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.fql_conditions import Condition
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.mapping.replacement import replace
from segment_rehook.mapping.stringify import stringify
from segment_rehook.mapping.values import UNDEFINED, Value, in_order
from segment_rehook.segment import jsontext
from segment_rehook.segment.jsontext import JSON

KEYS = st.sampled_from(["a", "b", "é", "", "1", "10", "2", "01", "_a", "__proto__", "{", ",0"])
TEXTS = st.sampled_from(["", "a", "0", ',"0', "é", "\ud800", "\x7f", "1e5", "1.0", "__proto__"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def in_javascript(value: JSON) -> JSON:
    """A value as an object of JavaScript's holds it: indexes first, no member `__proto__`."""
    if isinstance(value, list):
        return [in_javascript(item) for item in value]
    if isinstance(value, dict):
        names = [name for name in in_order(value) if name != "__proto__"]
        return {name: in_javascript(value[name]) for name in names}
    return value


@given(VALUES)
def test_a_whole_value_is_given_as_javascript_has_it(value: JSON) -> None:
    """A mapped value keeps JavaScript's order of keys and loses `__proto__`, at every depth."""
    compiled = compile_mapping({"x": {"@path": "$.value"}, "y": {"@path": "$.missing"}})
    expected = {"x": in_javascript(value)}
    assert repr(compiled({"value": value})) == repr(expected)
    assert repr(compiled.resolve({"value": value})) == repr(expected)
    alone = compile_mapping({"@path": "$.value"})
    assert repr(alone({"value": value})) == repr(in_javascript(value))


@given(VALUES)
def test_undefined_is_dropped_from_objects_and_null_in_lists(value: JSON) -> None:
    """UNDEFINED is dropped from objects and becomes null in lists, beside any other value."""
    missing = {"@path": "$.missing"}
    inner = {"u": missing, "v": {"@path": "$.value"}, "w": [missing, {"@path": "$.value"}]}
    compiled = compile_mapping({"x": inner})
    given_value = in_javascript(value)
    assert repr(compiled({"value": value})) == repr(
        {"x": {"v": given_value, "w": [None, given_value]}}
    )


@given(VALUES)
def test_nulls_are_dropped_from_objects_alone(value: JSON) -> None:
    """`@excludeWhenNull` drops null members at every depth, except inside lists."""

    def without_nulls(part: JSON) -> JSON:
        if not isinstance(part, dict):
            return part
        members = {name: each for name, each in part.items() if each is not None}
        return {name: without_nulls(each) for name, each in members.items()}

    compiled = compile_mapping({"x": {"@excludeWhenNull": {"@path": "$.value"}}})
    expected = {} if value is None else {"x": in_javascript(without_nulls(value))}
    assert repr(compiled({"value": value})) == repr(expected)


@given(VALUES)
def test_nulls_are_dropped_alike_for_a_directive_and_for_the_result(value: JSON) -> None:
    """`@excludeWhenNull` gives the result the same value as a directive that hands it on."""
    inner = {"@excludeWhenNull": {"@path": "$.value"}}
    handed_on = {"@if": {"exists": "yes", "then": inner}}
    compiled = compile_mapping({"x": {"y": inner}, "z": {"y": handed_on}})
    for mapped in (compiled({"value": value}), compiled.resolve({"value": value})):
        assert isinstance(mapped, dict)
        assert repr(mapped["x"]) == repr(mapped["z"])


def test_a_null_that_was_dropped_still_replaces_a_member_in_a_merge() -> None:
    """A null that `@excludeWhenNull` makes undefined wins over an earlier member of a merge."""
    nulls = {"@excludeWhenNull": {"@path": "$.value"}}
    merged = {"@merge": {"direction": "right", "objects": [{"a": 1, "b": 2}, nulls]}}
    assert compile_mapping({"x": merged})({"value": {"a": None}}) == {"x": {"b": 2}}


@pytest.mark.parametrize(
    ("counting", "gives"),
    [
        ({"@arrayPath": ["$.items", {"n": {"@liquid": "{% increment n %}"}}]}, [{"n": "7"}]),
        (
            {
                "@transform": {
                    "apply": {"i": {"@path": "$.inner"}},
                    "mapping": {"@arrayPath": ["$.i", {"n": {"@liquid": "{% increment n %}"}}]},
                }
            },
            [{"n": "8"}],
        ),
        ({"@liquid": "{% increment n %}{% increment n %}"}, "910"),
    ],
)
def test_counting_leaves_the_payload_as_it_was(counting: JSON, gives: JSON) -> None:
    """A template's counts are kept in a copy of the payload, inside a list's items too."""
    payload: dict[str, JSON] = {"items": [{"n": 7}], "inner": {"n": 8}, "n": 9}
    before = repr(payload)
    assert compile_mapping({"x": counting})(payload) == {"x": gives}
    assert repr(payload) == before


CLAUSES = st.sampled_from(
    ['type = "a"', 'event = "a"', 'type != "a"', "event = 0", "properties.y = true", "event = null"]
)
JOINTS = st.sampled_from([" and ", " or "])


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One to three parts of a trigger, joined."""
    others = st.lists(st.tuples(JOINTS, parts).map("".join), max_size=2).map("".join)
    return st.tuples(parts, others).map("".join)


TRIGGERS = joined(CLAUSES | joined(CLAUSES).map("({})".format))


def holds(condition: Condition, event: Value) -> bool:
    """What a condition says by its clauses alone, each by the value at its place."""
    if condition.members:
        each = [holds(member, event) for member in condition.members]
        return all(each) if condition.joint == "and" else any(each)
    assert condition.leaf is not None
    value, expected = condition.leaf.value(event), condition.leaf.expected
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {
        "=": isinstance(value, str) and value == expected,
        "!=": not isinstance(value, str) or value != expected,
        "number_equals": number and value == expected,
        "is_true": value is True,
        "not_exists": value in (None, UNDEFINED),
    }[condition.leaf.operator]


@given(
    TRIGGERS,
    st.dictionaries(st.sampled_from(["type", "event"]), st.just("a") | VALUES)
    | st.dictionaries(st.just("properties"), st.dictionaries(st.just("y"), VALUES))
    | VALUES.filter(lambda value: value is not None),
)
def test_a_trigger_holds_as_its_clauses_say(fql: str, event: Value) -> None:
    """A whole trigger holds for what its clauses, taken one by one, hold for."""
    trigger = compile_trigger(fql)
    assert trigger.holds(event) is holds(trigger, event)


@pytest.mark.parametrize("fql", ['type = "a"', 'type != "a"', 'type = "a" or event = "b"'])
def test_a_trigger_throws_for_null_as_event(fql: str) -> None:
    """Null is not an event: its members can't be read."""
    with pytest.raises(MappingError, match="Cannot read properties of null"):
        compile_trigger(fql).holds(None)


def test_what_the_prototype_hides_is_gone_before_members_are_flattened() -> None:
    """`@excludeWhenNull` copies objects, and the copy loses the member `__proto__`."""
    inner = {"@excludeWhenNull": {"@path": "$.value"}}
    compiled = compile_mapping({"x": {"@flatten": {"separator": ".", "value": inner}}})
    value = {"a": {"__proto__": {"b": 1}, "c": 2}, "__proto__": 3}
    assert compiled({"value": value}) == {"x": {"a.c": 2}}
    assert compiled({"value": {"__proto__": 3}}) == {"x": {}}


@given(VALUES)
def test_json_is_written_as_stringify_writes_it(value: JSON) -> None:
    """The engine's `@json` and the bridge's own writer agree, but for the order of keys."""

    def ordered(part: JSON) -> JSON:
        if isinstance(part, list):
            return [ordered(item) for item in part]
        if isinstance(part, dict):
            return {name: ordered(part[name]) for name in in_order(part)}
        return part

    assert stringify(value) == jsontext.stringify(ordered(value))


@given(VALUES, st.integers(0, 3))
def test_undefined_in_a_value_is_written_as_json_writes_it(value: JSON, place: int) -> None:
    """`@json` leaves UNDEFINED out of objects and writes null for it in lists."""
    items: list[Value] = [value] * 3
    items.insert(place, UNDEFINED)
    nulls: list[JSON] = [value] * 3
    nulls.insert(place, None)
    assert stringify({"u": UNDEFINED, "items": items}) == stringify({"items": nulls})


@given(
    st.text("aAbB$", max_size=12),
    st.text("aA", min_size=1, max_size=2),
    st.sampled_from(["", "x", "$$", "$&", "$`", "$'", "x$&$`", "$'$$y", "$", "$x"]),
    st.booleans(),
    st.booleans(),
)
def test_replacing_is_what_a_regular_expression_does(
    value: str, pattern: str, replacement: str, ignore_case: bool, everywhere: bool
) -> None:
    """A replacement gives what a regular expression gives, with and without special characters."""

    def expand(found: re.Match[str]) -> str:
        meaning = {
            "$": "$",
            "&": found[0],
            "`": value[: found.start()],
            "'": value[found.end() :],
        }
        return re.sub(r"\$([$&`'])", lambda special: meaning[special[1]], replacement)

    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    expected = re.compile(re.escape(pattern), flags).sub(expand, value, 0 if everywhere else 1)
    assert (
        replace(value, pattern, replacement, ignore_case=ignore_case, everywhere=everywhere)
        == expected
    )


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)), st.integers(1, 20))  # noqa: DTZ001 — given in UTC below
def test_a_date_is_written_as_strftime_writes_it(moment: datetime, times: int) -> None:
    """Formats of all lengths give what Python's strftime gives for the letters that both have."""
    layout = "%Y-%m-%dT%H:%M:%S %y %j %U %W %w %u %a %A %b %B %I %p%%;" * times
    compiled = compile_mapping({"x": {"@liquid": "{{ at | date: layout }}"}})
    at = moment.replace(microsecond=0)
    expected = at.replace(tzinfo=UTC).strftime(layout)
    assert compiled({"at": at.isoformat(), "layout": layout}) == {"x": expected}
