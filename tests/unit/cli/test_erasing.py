"""Tests of which deliveries the log names of a person, and of what a person is shown."""

from __future__ import annotations

import pytest

from segment_rehook_cli.erasing.looking import logged_deliveries
from segment_rehook_cli.erasing.person import Person
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.stack_logs import Found
from segment_rehook_cli.log.time_window import TimeWindow

USER = "0123456789abcdef"


@pytest.mark.parametrize("lines", [0, 1, 9, 10, 11, 40])
def test_all_lines_are_found_though_one_answer_does_not_hold_them(lines: int) -> None:
    """The log is asked for the time before the oldest line until an answer is not cut off."""
    log = [
        LoggedOutcome(at=float(number), outcome="stored", delivery=f"m{number}:s", user=USER)
        for number in range(lines)
    ]

    def find(condition: str, asked: TimeWindow) -> Found:
        """Give the ten newest lines of a time, as CloudWatch does with 10,000."""
        assert condition == f'(user = "{USER}")'
        inside = [each for each in log if asked.since <= each.at <= asked.until]
        return Found(inside[-10:], cut=len(inside) >= 10, read_bytes=1.0)

    _, named, _ = logged_deliveries(find, {USER}, TimeWindow(0.0, 1_000.0))
    assert named == {each.delivery for each in log}


def test_lines_of_others_do_not_count() -> None:
    """A query may find lines of others and lines without a delivery."""
    found = [
        LoggedOutcome(at=1.0, outcome="stored", delivery="m1:s", user="another"),
        LoggedOutcome(at=2.0, outcome="dropped", user=USER),
        LoggedOutcome(at=3.0, outcome="stored", delivery="m3:s", user=USER),
    ]
    lines, named, read = logged_deliveries(
        lambda _condition, _asked: Found(found, cut=False, read_bytes=5.0),
        {USER},
        TimeWindow(0.0, 9.0),
    )
    assert (lines, named, read) == (2, {"m3:s"}, 5.0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("k:a@b.c:track", "k:(the user's id):track"),
        ("k:7:track", "k:(the user's id):track"),
        ("k:order-7-x:track", "k:order-(the user's id)-x:track"),
        ("m17:track", "m17:track"),
        ("k:xa@b.c:track", "k:xa@b.c:track"),
    ],
)
def test_ids_are_masked_where_they_are_whole_words(text: str, shown: str) -> None:
    """An id that is part of a longer word is no sign of the person, and is left."""
    assert Person(["a@b.c", "7"]).masked(text) == shown


def test_a_persons_ids_are_not_in_its_text() -> None:
    """A person in an error or a log shows no id."""
    assert "a@b.c" not in repr(Person(["a@b.c"]))
