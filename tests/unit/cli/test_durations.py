"""Tests of durations, as they are written and as they are read."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.terminal.durations import DAY, duration, seconds_of


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 seconds"),
        (0.4, "0 seconds"),
        (1, "1 second"),
        (90, "1 minute 30 seconds"),
        (3_600, "1 hour"),
        (3_601, "1 hour"),
        (11_100, "3 hours 5 minutes"),
        (2 * DAY + 60, "2 days"),
    ],
)
def test_a_duration_is_said_in_its_two_greatest_units(seconds: float, said: str) -> None:
    """A unit of which there is none ends it; what is below 0 is none."""
    assert duration(seconds) == said


@given(st.integers(0, 999_999_999), st.sampled_from("smhd"))
def test_a_written_duration_is_read(count: int, unit: str) -> None:
    """A number and its unit give seconds."""
    assert seconds_of(f" {count}{unit} ") == count * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 m", "1e3s", "٣m", "5m5"])
def test_what_is_no_duration_is_refused_with_the_form(text: str) -> None:
    """The error shows how a duration is written."""
    with pytest.raises(typer.BadParameter, match="90s, 30m, 12h or 3d"):
        seconds_of(text)


def test_none_is_none() -> None:
    """Without the option there is no duration."""
    assert seconds_of(None) is None
