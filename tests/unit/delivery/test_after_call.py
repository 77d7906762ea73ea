"""What follows a call: the table in docs/protocol.md and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segment_rehook.delivery.after_call import (
    Consequence,
    Park,
    Retry,
    Settle,
    after_call,
    after_crash,
    leaves_doubt,
)
from segment_rehook.delivery.outcomes import Parked, Stored
from segment_rehook.rehook.reply import REPEATABLE, Reply, ReplyClass

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
ROW = re.compile(
    r"\| `(\w+)`(?:, (to be repeated|not to be repeated)[^|]*)? \| ([^|]+) \| ([^|]+) \|"
)
UPSERT, REWARD = "identifyUser", "trackEvent"
CASES = [
    (kind, action, park_unknown)
    for kind in ReplyClass
    for action in (UPSERT, REWARD)
    for park_unknown in (True, False)
]


def rows() -> dict[tuple[str, str], tuple[str, str]]:
    """Read the page's table: by class and repetition, what an earlier and the last try lead to."""
    section = PAGE.read_text().partition("What follows a call (")[2].partition("How it is done:")[0]
    return {(kind, repeated): (each, last) for kind, repeated, each, last in ROW.findall(section)}


def words(consequence: Consequence) -> str:
    """Write a consequence as the page does."""
    match consequence:
        case Settle():
            return "settle"
        case Retry(reason):
            return f"retry as `{reason}`"
        case Park(reason):
            return f"park as `{reason}`"


def reply(kind: ReplyClass) -> Reply:
    """Make a reply of this class with every text that a reply may have."""
    return Reply(kind=kind, code="c-1", key="k", message="it said so", request_id="req-1")


@pytest.mark.parametrize(("kind", "action", "park_unknown"), CASES)
def test_the_page_and_the_code_agree(kind: ReplyClass, action: str, park_unknown: bool) -> None:
    """Page and code agree for every class, action and policy, at an earlier and at the last try."""
    repeated = ""
    if kind is ReplyClass.UNKNOWN:
        stays = park_unknown and action not in REPEATABLE
        repeated = "not to be repeated" if stays else "to be repeated"
    each, last = (
        words(after_call(reply(kind), action, park_unknown=park_unknown, last_try=last))
        for last in (False, True)
    )

    assert rows()[kind, repeated] == (each, last)


def test_the_page_has_no_row_of_its_own() -> None:
    """The page has one row for each class, and two for the class that the policy decides."""
    assert {kind for kind, _ in rows()} == {*ReplyClass}
    assert len(rows()) == len(ReplyClass) + 1


def test_a_settled_call_keeps_rehooks_name_for_it() -> None:
    """A settled delivery keeps Rehook's request id."""
    followed = after_call(reply(ReplyClass.DELIVERED), REWARD, park_unknown=True)

    assert followed == Settle("req-1")


def test_what_is_parked_quotes_rehook() -> None:
    """A parked delivery has Rehook's field and text, and after a last try the reply's class."""
    assert after_call(reply(ReplyClass.REJECTED), REWARD, park_unknown=True) == Park(
        Parked.REJECTED, "k: it said so"
    )
    assert after_call(
        reply(ReplyClass.THROTTLED), REWARD, park_unknown=True, last_try=True
    ) == Park(Parked.GAVE_UP, "last try: throttled")


def test_only_an_unknown_outcome_is_not_known_to_be_undelivered() -> None:
    """Only an unknown outcome is marked as not known to be undelivered."""
    assert after_call(reply(ReplyClass.UNKNOWN), REWARD, park_unknown=True) == Park(
        Parked.OUTCOME_UNKNOWN, "k: it said so", undelivered=False
    )
    assert after_call(reply(ReplyClass.UNKNOWN), REWARD, park_unknown=False) == Retry(
        Stored.UNKNOWN, undelivered=False
    )
    assert after_call(reply(ReplyClass.UNREACHABLE), REWARD, park_unknown=True) == Retry(
        Stored.UNREACHABLE, undelivered=True
    )


@pytest.mark.parametrize(
    ("action", "park_unknown", "parked"),
    [(UPSERT, True, False), (UPSERT, False, False), (REWARD, True, True), (REWARD, False, False)],
)
def test_a_dead_claimants_call_is_repeated_or_parked(
    action: str, park_unknown: bool, parked: bool
) -> None:
    """After a crash, an upsert is repeated, and a reward is repeated or parked by policy."""
    park = Park(Parked.OUTCOME_UNKNOWN, "claimant died", undelivered=False)

    assert after_crash(action, park_unknown=park_unknown) == (park if parked else None)


@pytest.mark.parametrize("kind", list(ReplyClass))
@pytest.mark.parametrize("action", [UPSERT, REWARD])
def test_only_an_unknown_reward_leaves_a_doubt(kind: ReplyClass, action: str) -> None:
    """Only an unknown outcome of a reward leaves a doubt: an upsert may be made twice."""
    doubtful = kind is ReplyClass.UNKNOWN and action == REWARD

    assert leaves_doubt(reply(kind), action) is doubtful
