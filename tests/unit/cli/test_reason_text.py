"""Tests that each reason of the code has its words."""

from __future__ import annotations

import re

import pytest

from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Stored
from segment_rehook.rehook.plan import DropReason
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.why.conclusion import conclude
from segment_rehook_cli.why.delivery_facts import DeliveryFacts
from segment_rehook_cli.why.history import Standing
from segment_rehook_cli.why.reason_text import REASON_TEXTS, reason_text
from tests.unit.cli.log_lines import DELIVERY, NOW, line

PAIRS = sorted(
    {(str(Outcome.STORED), str(each)) for each in Stored}
    | {(str(Outcome.PARKED), str(each)) for each in Parked}
    | {(str(Outcome.DROPPED), str(each)) for each in (*Dropped, *DropReason)}
    | {(str(Outcome.FAILED), str(each)) for each in (*Stored, *Parked)}
    | {(str(Outcome.DUPLICATE), each) for each in ("delivered", "parked", "same_request")}
)
STANDINGS = {
    "stored": Standing.WAITING,
    "parked": Standing.PARKED,
    "dropped": Standing.DROPPED,
    "failed": Standing.NOT_STORED,
}


def test_each_reason_has_a_text_and_each_text_a_reason() -> None:
    """A new reason without its words fails here, and so do words without a reason."""
    assert sorted(REASON_TEXTS) == PAIRS


@pytest.mark.parametrize(("outcome", "reason"), PAIRS, ids="-".join)
def test_each_outcome_and_reason_has_its_sentence(outcome: str, reason: str) -> None:
    """The words of a delivery whose last line says this hold the reason's text."""
    facts = DeliveryFacts(delivery=DELIVERY, subscription="s", lines=[line(outcome, reason=reason)])
    found = conclude(facts, NOW, Keeping())
    assert found is not None
    assert reason_text(outcome, reason) in found.words
    assert found.standing is STANDINGS.get(outcome, found.standing)


@pytest.mark.parametrize("text", sorted(set(REASON_TEXTS.values())))
def test_a_text_goes_on_after_a_colon(text: str) -> None:
    """A text begins in lower case (or with a name), and has no stop and no reason's word."""
    assert re.match(r"[a-z]|Rehook|Segment", text)
    assert not text.endswith(".")
    assert "_" not in text


def test_a_reason_of_a_later_version_is_shown_as_it_is() -> None:
    """What this version does not know is not guessed."""
    assert reason_text("stored", "brand_new") == "the reason is `brand_new`"


def test_the_documented_reasons_of_duplicates_are_these() -> None:
    """The code has no enumeration of them, so that the page is what is held."""
    assert {"delivered", "parked", "same_request"} == {
        reason for outcome, reason in REASON_TEXTS if outcome == Outcome.DUPLICATE
    }
