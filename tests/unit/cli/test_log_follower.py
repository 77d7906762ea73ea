"""Tests of following the log: each line once, in time order, through AWS's failures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.log.follower import BACK_OFF_SECONDS, POLL_SECONDS, LogFollower
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from tests.unit.cli.log_lines import NOW, FakeLogs, refused, text
from tools.fakes.surroundings import FakeClock


class Following:
    """A follower of two groups in simulated time, look by look."""

    def __init__(self, client: FakeLogs, since: float = NOW - 60) -> None:
        self.clock = FakeClock(NOW)
        self.client = client
        self.said: list[str] = []
        follower = LogFollower(client, ["i", "r"], self.clock, since, self.said.append)
        self.looks: Iterator[list[LoggedOutcome]] = follower.follow(None)

    def look(self) -> list[str | None]:
        """Give the message ids of the next look."""
        return [each.message_id for each in next(self.looks)]

    def log(self, name: str, at: float, group: str = "i") -> None:
        """Let a line appear."""
        self.client.events.append((group, name, at, text(message_id=name)))


def test_each_look_gives_what_is_new_in_time_order() -> None:
    """Lines of both groups are in the order of their times, and none is given twice."""
    following = Following(FakeLogs())
    following.log("b", NOW - 5)
    following.log("a", NOW - 10, "r")
    following.log("c", NOW - 1)
    assert following.look() == ["a", "b", "c"]
    assert following.look() == []
    following.log("d", NOW + 1)
    assert following.look() == ["d"]


def test_lines_before_the_beginning_are_not_given() -> None:
    """`since` is where it begins."""
    following = Following(FakeLogs())
    following.log("old", NOW - 61)
    following.log("new", NOW - 59)
    assert following.look() == ["new"]


@given(st.lists(st.tuples(st.floats(0, 59), st.sampled_from("ir")), max_size=30), st.data())
def test_a_late_line_is_given_and_none_is_given_twice(
    lines: list[tuple[float, str]], data: st.DataObject
) -> None:
    """However late a line appears, up to a minute, it is given exactly once."""
    following = Following(FakeLogs(page_size=3))
    given_ids: list[str | None] = []
    for number, (late, group) in enumerate(lines):
        at = max(following.clock.now() - late, NOW - 60)
        following.log(f"m{number}", at, group)
        if data.draw(st.booleans()):
            given_ids += following.look()
    given_ids += following.look()
    assert sorted(map(str, given_ids)) == sorted(f"m{number}" for number in range(len(lines)))


@pytest.mark.parametrize(
    "fault",
    [
        refused("FilterLogEvents", "ThrottlingException"),
        refused("FilterLogEvents", "InternalFailure", 500),
        refused("FilterLogEvents", "Anything", 503),
        ConnectTimeoutError(endpoint_url="https://logs.eu-west-1.amazonaws.com"),
    ],
    ids=lambda fault: type(fault).__name__ + str(getattr(fault, "response", {}).get("Error", {})),
)
def test_a_failure_that_passes_is_survived(fault: Exception) -> None:
    """It is said once, the pauses grow, and no line is lost or given twice."""
    following = Following(FakeLogs(faults=[None, *([fault] * 7)]), since=NOW - 3600)
    following.log("early", NOW - 3000, "r")
    following.log("first", NOW - 3000)
    times = []
    found: list[str | None] = []
    for _ in range(9):
        found += following.look()
        times.append(following.clock.now())
    assert found == ["first", "early"]
    assert len(following.said) == 1
    pauses = [round(after - before) for before, after in pairwise(times)]
    longest = BACK_OFF_SECONDS[-1]
    assert pauses == [round(each) for each in (*BACK_OFF_SECONDS, longest, longest, POLL_SECONDS)]


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "Other"])
def test_any_other_failure_is_raised(code: str) -> None:
    """Expired credentials and missing permissions do not pass by waiting."""
    following = Following(FakeLogs(faults=[None, refused("FilterLogEvents", code)]))
    with pytest.raises(ClientError):
        following.look()


def test_it_ends_at_its_time() -> None:
    """With an end, the last look is made at the end."""
    clock = FakeClock(NOW)
    follower = LogFollower(FakeLogs(), ["i"], clock, NOW, list[str]().append)
    assert len(list(follower.follow(NOW + 5))) == 4
    assert clock.now() == NOW + 5


def test_a_long_run_forgets_what_it_need_not_know() -> None:
    """A look reads no more than the last minute, so that it stays as fast as the first."""
    following = Following(FakeLogs(page_size=10_000))
    for number in range(200):
        following.log(f"m{number}", following.clock.now())
        following.look()
    begins = following.client.asked[-2][1]["startTime"] / 1000
    assert begins > following.clock.now() - 70
