"""What the engine does faster where it can comes out as where it can't."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

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
