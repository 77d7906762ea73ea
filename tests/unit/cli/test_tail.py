"""Tests of which lines `tail` chooses."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.log.tail import COLOURS, LineFilter
from segment_rehook_cli.why.question import about_message_id, about_user
from tests.unit.cli.log_lines import line

PARKED = line("parked", reason="rejected", user="u", subscription="track-event")


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        (LineFilter(), True),
        (LineFilter(outcomes=frozenset({"parked", "stored"})), True),
        (LineFilter(outcomes=frozenset({"stored"})), False),
        (LineFilter(reasons=frozenset({"rejected"})), True),
        (LineFilter(reasons=frozenset({"gave_up"})), False),
        (LineFilter(subscriptions=frozenset({"track-event"})), True),
        (LineFilter(subscriptions=frozenset({"identify-user"})), False),
        (LineFilter(questions=(about_message_id("m1"), about_user("u"))), True),
        (LineFilter(questions=(about_message_id("m1"), about_user("v"))), False),
        (LineFilter(outcomes=frozenset({"parked"}), reasons=frozenset({"gave_up"})), False),
    ],
)
def test_each_part_that_is_given_must_fit(chosen: LineFilter, fits: bool) -> None:
    """Several values of one part are alternatives; several parts must all fit."""
    assert chosen.fits(PARKED) is fits


def test_the_subscription_of_a_line_without_one_is_that_of_its_delivery() -> None:
    """Older functions logged the delivery's id only."""
    old = line("parked", subscription=None, delivery="m1:track-event")
    assert LineFilter(subscriptions=frozenset({"track-event"})).fits(old)


def test_each_outcome_has_a_colour() -> None:
    """A new outcome needs one."""
    assert set(COLOURS) == set(map(str, Outcome))
