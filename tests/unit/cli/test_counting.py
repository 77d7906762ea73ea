"""Tests of counted things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.terminal.counting import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("event",), "0 events"),
        (1, ("event",), "1 event"),
        (1.0, ("event",), "1 event"),
        (12_000, ("event",), "12,000 events"),
        (1, ("event is", "events are"), "1 event is"),
        (2, ("event is", "events are"), "2 events are"),
    ],
)
def test_one_has_the_singular(number: float, words: tuple[str, ...], said: str) -> None:
    """One alone has it, also as a float; the plural is the singular and an s, or the one given."""
    assert counted(number, *words) == said


@given(st.integers(0, 10**9))
def test_the_number_can_be_read_back(number: int) -> None:
    """The number is whole, with a comma between thousands."""
    assert int(counted(number, "event").split()[0].replace(",", "")) == number
