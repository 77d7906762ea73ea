"""A value has one text, whichever of the two writers writes it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.canonical import canonical_text
from segment_rehook.segment.jsontext import JSON

# Mostly ASCII and ordinary numbers: whatever else is in a value, the slow writer writes it.
texts = st.text('ab"\\\n/0e.', max_size=4) | st.sampled_from(["50314b8e0", "a1e5,", "null", "\x7f"])
any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-1e6, 1e6)
    | st.sampled_from([0.00001234, 1e16, 1e-7, math.inf, "é", "\ud800"])
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def expected(value: JSON) -> bytes:
    """What the standard library writes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@given(any_json)
def test_the_text_is_the_standard_librarys(value: JSON) -> None:
    """Records in the ledger hold hashes of this text, so no byte of it may ever change."""
    assert canonical_text(value) == expected(value)


@given(st.floats(allow_nan=False))
def test_every_number_has_the_standard_librarys_text(number: float) -> None:
    """Numbers are where the two writers differ most."""
    assert canonical_text({"a": [number, -number], "b": number}) == expected(
        {"a": [number, -number], "b": number}
    )
    assert canonical_text(number) == expected(number)


@pytest.mark.parametrize(
    "value",
    [
        {"a": math.inf, "b": None},
        {"a": "é", "b": "\x7f"},
        {"b": 1, "a": {"d": "\ud800", "c": 1e16}},
        {"a": 0.00001234},
        {"a": 1.5e-7},
        {"a": 123456789012345680.0},
        {"a": -0.0, "b": 1.5},
        {"a": 10**400},
    ],
    ids=repr,
)
def test_what_the_fast_writer_spells_otherwise_is_written_by_the_slow_one(value: JSON) -> None:
    """Infinity, lone surrogates, DEL, small and large numbers."""
    assert canonical_text(value) == expected(value)
