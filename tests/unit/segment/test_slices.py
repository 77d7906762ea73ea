"""A JSON text is cut apart exactly, without parsing it."""

from __future__ import annotations

import json
from itertools import islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.slices import elements, nesting
from tests.unit.segment.test_jsontext import json_values

blanks = st.text(" \t\n\r", max_size=3)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (b"[]", []),
        (b" [ ] ", []),
        (b"[1]", [b"1"]),
        (b'[ {"a":[1,2]} , "],[" ]', [b'{"a":[1,2]}', b'"],["']),
        (b'["\\"],[", "\\\\"]', [b'"\\"],["', b'"\\\\"']),
        (b"", []),
        (b"{}", []),
        (b"1", []),
        (b"[1,,2]", [b"1", b"", b"2"]),
        (b"[1,]", [b"1", b""]),
        (b"[1,2", [b"1", b"2"]),
        (b"[", []),
        (b'[{"a":]},{"b":1}]', [b'{"a":]}', b'{"b":1}']),
        (b'[{"a":1,{"b":1}]', [b'{"a":1,{"b":1}']),
        (b'[1,"2]', [b"1", b'"2']),
        (b"[1] x", [b"1] x"]),
    ],
)
def test_elements_are_cut_at_their_commas(text: bytes, cut: list[bytes]) -> None:
    """Valid arrays are cut exactly; in broken ones most other elements are right."""
    assert list(elements(text)) == cut


@given(st.lists(json_values, max_size=6), blanks, blanks, st.booleans())
def test_cuts_as_a_parser_does(
    values: list[object], before: str, after: str, ascii_only: bool
) -> None:
    """On valid JSON the slices are those that msgspec gives."""
    between = f"{after},{before}"
    inner = between.join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    text = f"{before}[{after}{inner}{before}]{after}".encode(errors="replace")
    try:
        expected = [bytes(raw) for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
    except msgspec.DecodeError:  # a lone surrogate
        expected = [json.dumps(value, ensure_ascii=ascii_only).encode() for value in values]
    assert list(elements(text)) == expected


@given(json_values)
def test_nesting_is_the_depth_of_the_value(value: object) -> None:
    """Arrays and objects count, and brackets in strings do not."""

    def depth(part: object) -> int:
        if not isinstance(part, dict | list):
            return 0
        inner = part.values() if isinstance(part, dict) else part
        return 1 + max(map(depth, inner), default=0)

    assert nesting(json.dumps(value).encode()) == depth(value)
    text = json.dumps({'"[': value, "\\": "]}[[", "[": '\\"'})
    assert nesting(text.encode()) == 1 + depth(value)


@given(st.lists(st.sampled_from("[{]}"), max_size=60), st.integers(0, 20))
def test_unmatched_brackets_are_counted_one_by_one(brackets: list[str], levels: int) -> None:
    """The greatest number of open brackets is right at any depth, matched or not."""
    text = "[" * levels + "".join(brackets) + "]" * levels
    opened = most = 0
    for bracket in text:
        opened += 1 if bracket in "[{" else -1
        most = max(most, opened)
    assert max(nesting(text.encode()), 0) == most


def test_only_what_is_asked_for_is_cut() -> None:
    """Cutting the first element takes time for that element, not for the whole body."""
    text = b'[{"a":1},' + b"[" * 5_000_000
    assert list(islice(elements(text), 1)) == [b'{"a":1}']
