"""What each outcome and reason means, as a part of a sentence that a support person can send on.

A text is about one delivery and goes on after a colon: "It waits: Rehook could not be reached".
Each reason of the code has its text, which a test holds.
"""

from __future__ import annotations

from typing import Final

from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Stored
from segment_rehook.rehook.plan import DropReason

__all__ = ["REASON_TEXTS", "reason_text"]

_STORED: Final = {
    Stored.THROTTLED: "Rehook limits how many calls it takes",
    Stored.UNAVAILABLE: "Rehook was out of order",
    Stored.UNREACHABLE: "Rehook could not be reached",
    Stored.UNKNOWN: "Rehook gave no complete answer, so it may have acted on the call",
    Stored.CREDENTIALS: "Rehook refused the stack's key pair",
    Stored.OVER_BUDGET: "there was no time left for a call",
    Stored.USER_WAITING: "an earlier event of the same user goes first",
    Stored.BREAKER_OPEN: "Rehook was failing, so calls were stopped for a while",
    Stored.PAUSED: "an operator has switched deliveries off",
    Stored.ALREADY_QUEUED: "an earlier copy of it is in the queue",
    Stored.CLAIMED_ELSEWHERE: "another run of the function was delivering it, or died of it",
    Stored.LEDGER_UNAVAILABLE: "the stack's table could not be asked whether it was delivered",
    Stored.PARKING_FAILED: "it was to be given up, and the queue for that did not take it",
    Stored.UNEXPECTED: "the bridge failed with an unexpected error",
}

_PARKED: Final = {
    Parked.REJECTED: "Rehook refused it",
    Parked.OUTCOME_UNKNOWN: "Rehook gave no complete answer, so it may have acted on the call",
    Parked.MAPPING_ERROR: "the mapping failed on it",
    Parked.NOT_MAPPED: "it was sent back, and the mapping now makes no call of it",
    Parked.SUBSCRIPTION_GONE: "its subscription was removed or disabled",
    Parked.GAVE_UP: "it was tried for as long as the stack allows",
    Parked.EXPIRED: "it could not be tried before its time in the queue ended",
    Parked.CRASHES: "the function died three times during its delivery",
    Parked.UNREADABLE: "its message was not written by this bridge",
    Parked.ID_CONFLICT: "another event has its id",
}

_DROPPED: Final = {
    Dropped.MISSING_MESSAGE_ID: "it has neither a messageId nor a timestamp",
    Dropped.ID_CONFLICT: "another event has its id, and was or may have been delivered",
    Dropped.TOO_LARGE: "Rehook refused it, and it is too large to be kept",
    Dropped.DRY_RUN: "the stack was in dry-run, where nothing is sent",
    Dropped.BEFORE_CUTOVER: "Segment received it before the cut-over, so it was the hosted "
    "destination's",
    DropReason.NOT_JSON: "it is not JSON",
    DropReason.NOT_AN_OBJECT: "it is not a JSON object",
    DropReason.TOO_DEEP: "it is nested too deeply",
    DropReason.MISSING_USER_ID: "it has no user",
    DropReason.INVALID_FIELDS: "a field breaks a rule of Rehook",
    DropReason.INTEGRATION_DISABLED: "the event itself excludes Rehook (integrations)",
    DropReason.DENIED_EVENT: "the settings do not allow its name",
    DropReason.TOO_OLD: "it is older than the settings allow",
    DropReason.CONVERSION_WITHOUT_CODE: "it is a conversion without a referral code",
}

_DUPLICATE: Final = {
    Outcome.DELIVERED: "it was delivered before",
    Outcome.PARKED: "it was given up before",
    "same_request": "it came twice in one request",
}

REASON_TEXTS: Final[dict[tuple[str, str], str]] = {
    (str(outcome), str(reason)): text
    for outcome, texts in (
        (Outcome.STORED, _STORED),
        (Outcome.PARKED, _PARKED),
        (Outcome.DROPPED, _DROPPED),
        (Outcome.DUPLICATE, _DUPLICATE),
        # A delivery that can't be stored or parked has the reason for which it should have been.
        (Outcome.FAILED, _STORED | _PARKED),
    )
    for reason, text in texts.items()
}


def reason_text(outcome: str, reason: str | None) -> str:
    """Give the text; of a reason that this version does not know, the word itself."""
    if reason is None:
        return "no reason is recorded"
    return REASON_TEXTS.get((outcome, reason), f"the reason is `{reason}`")
