"""Tests of the times that a person writes, and of those that are printed."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.log.time_window import TimeWindow, iso_time, utc_time, window

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC


def test_the_default_ends_now() -> None:
    """Without options it is the default time up to now."""
    assert window(None, None, now=NOW, default=60) == TimeWindow(NOW - 60, NOW)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", NOW - 90),
        ("2d", NOW - 172_800),
        ("2027-01-15T07:00Z", NOW - 3600),
        ("2027-01-15T08:00:00+02:00", NOW - 7200),
        ("2027-01-15 07:00", NOW - 3600),
        ("2027-01-15", NOW - 28_800),
    ],
)
def test_a_time_is_a_duration_or_a_moment(text: str, at: float) -> None:
    """A duration counts back from now; a moment without a zone is UTC."""
    assert window(text, None, now=NOW, default=60).since == at


@pytest.mark.parametrize(
    ("since", "until", "option"),
    [
        ("soon", None, "--since"),
        ("", None, "--since"),
        ("-5m", None, "--since"),
        (None, "2027-13-01", "--until"),
        ("1h", "2h", "--since"),
        ("2027-01-15T09:00Z", None, "--since"),
    ],
)
def test_what_is_no_time_is_refused(since: str | None, until: str | None, option: str) -> None:
    """The error names the option."""
    with pytest.raises(typer.BadParameter) as refused:
        window(since, until, now=NOW, default=60)
    assert refused.value.param_hint == option


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_is_refused(text: str) -> None:
    """No text ends in another error."""
    try:
        found = window(text, None, now=NOW, default=60)
    except typer.BadParameter:
        return
    assert 0 <= found.since < found.until


def test_times_are_printed_in_utc() -> None:
    """For a person to the second, for a program to the millisecond."""
    assert utc_time(NOW + 0.5) == "2027-01-15 08:00:00 UTC"
    assert iso_time(NOW + 0.5) == "2027-01-15T08:00:00.500Z"
