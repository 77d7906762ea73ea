"""Tests of what the metric says of secrets, and of which step of a change comes next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.secrets.matches import PERIOD, STALE_SECONDS, line_matches
from segment_rehook_cli.secrets.parameter_store import SecretVersion
from segment_rehook_cli.secrets.rotation import RotationStep, rotation_of
from segment_rehook_cli.stack.keeping import SEGMENT_RETRY_SECONDS

START = 1_800_000_000.0
HOUR = 3_600.0
ONE = SecretVersion(1, START, "old")
BOTH = SecretVersion(2, START + 10 * HOUR, "old\nnew")


def test_a_position_means_the_line_that_it_had_then() -> None:
    """After the first line was removed, `secret-1` is the new one; before, it was the old one."""
    versions = [ONE, BOTH, SecretVersion(3, START + 20 * HOUR, "new")]
    minutes = {1: [START + 5 * HOUR, START + 30 * HOUR], 2: [START + 12 * HOUR]}
    found = line_matches(versions, minutes)
    assert found.keys() == {"new"}
    assert found["new"].first_sure_at == START + 12 * HOUR + PERIOD
    assert found["new"].last_at == START + 30 * HOUR + PERIOD


def test_around_a_change_a_match_may_be_of_both_and_is_sure_for_none() -> None:
    """A function may hold the old value for two minutes: the match counts as last for both."""
    swapped = SecretVersion(2, START + HOUR, "new\nold")
    found = line_matches([ONE, swapped], {1: [START + HOUR + 30]})
    for line in ("old", "new"):
        assert found[line].last_at == START + HOUR + 30 + PERIOD
        assert found[line].first_sure_at is None
    later = line_matches([ONE, swapped], {1: [START + HOUR + STALE_SECONDS]})
    assert later["new"].first_sure_at is not None
    assert later["old"].last_at is None


@given(
    changed=st.none() | st.floats(0, 10 * HOUR),
    olds=st.lists(st.floats(0, 20 * HOUR), max_size=4),
    now=st.floats(0, 40 * HOUR),
)
def test_no_old_one_goes_while_segment_may_send_events_with_it(
    changed: float | None, olds: list[float], now: float
) -> None:
    """An old one is removable only four hours after its last match and the new one's first."""
    at = BOTH.put_at + 600
    minutes = {1: [at + each for each in olds], 2: [] if changed is None else [at + changed]}
    matches = line_matches([ONE, BOTH], minutes)
    found = rotation_of(BOTH.lines, matches, at + now)
    if changed is None:
        assert found.step is RotationStep.CHANGE
        assert not found.removable(at + now)
    else:
        safe = max([changed, *olds]) + PERIOD + SEGMENT_RETRY_SECONDS
        assert found.removable(at + now) == (["old"] if now >= safe else [])
        assert found.step is (RotationStep.REMOVE if now >= safe else RotationStep.WAIT)


def test_one_that_is_still_used_stays_when_another_goes() -> None:
    """Of two old ones, the one that requests still match is not removable."""
    put = SecretVersion(2, START, "used\nunused\nnew")
    now = START + 10 * HOUR
    matches = line_matches([put], {1: [now - HOUR], 2: [], 3: [START + HOUR]})
    found = rotation_of(put.lines, matches, now)
    assert found.removable(now) == ["unused"]
    assert found.step is RotationStep.REMOVE


def test_one_that_comes_back_has_to_match_anew() -> None:
    """Going back to a removed one, the one that is used stays until Segment has changed back."""
    versions = [
        ONE,
        BOTH,
        SecretVersion(3, START + 20 * HOUR, "new"),
        SecretVersion(4, START + 30 * HOUR, "new\nold"),
    ]
    minutes = {1: [START + 5 * HOUR, START + 25 * HOUR], 2: [START + 12 * HOUR]}
    now = START + 35 * HOUR
    found = rotation_of(versions[-1].lines, line_matches(versions, minutes), now)
    assert (found.step, found.removable(now)) == (RotationStep.CHANGE, [])
