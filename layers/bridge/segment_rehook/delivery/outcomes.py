"""What can become of a delivery, and why: closed sets that answers, logs and metrics share."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """The one answer that each event, and each of its deliveries, gets."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    STORED = "stored"
    PARKED = "parked"
    FAILED = "failed"  # neither settled nor stored: Segment is told to come again
    IGNORED = "ignored"  # no subscription matched


class Stored(StrEnum):
    """Why a delivery waits in the dead-letter queue."""

    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # sent, no whole answer; repeated under the policy `retry`
    CREDENTIALS = "credentials"
    OVER_BUDGET = "over_budget"  # no time left to call and still answer in time
    USER_WAITING = "user_waiting"  # an earlier event of the user waits
    BREAKER_OPEN = "breaker_open"
    PAUSED = "paused"
    ALREADY_QUEUED = "already_queued"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"  # another invocation is at it, or died at it
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    PARKING_FAILED = "parking_failed"  # given up, but the parking lot did not take it
    UNEXPECTED = "unexpected"  # a defect of ours; the log has it


class Parked(StrEnum):
    """Why a delivery was given up, until an operator sends it back."""

    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    MAPPING_ERROR = "mapping_error"
    NOT_MAPPED = "not_mapped"  # mapped anew, the event is dropped or no longer matches
    SUBSCRIPTION_GONE = "subscription_gone"
    GAVE_UP = "gave_up"  # too old to be tried again
    EXPIRED = "expired"  # the queue's retention is about to end
    CRASHES = "crashes"  # it ended the function three times
    UNREADABLE = "unreadable"  # not a message of this bridge
    ID_CONFLICT = "id_conflict"  # its id belongs to another event


class Dropped(StrEnum):
    """Why delivery itself does not send something; mapping's own reasons are `plan.DropReason`."""

    MISSING_MESSAGE_ID = "missing_message_id"
    ID_CONFLICT = "id_conflict"  # its id belongs to another event
    TOO_LARGE = "too_large"  # Rehook refused it, and it does not fit into a message
    DRY_RUN = "dry_run"


class Result(msgspec.Struct, frozen=True):
    """What became of one delivery.

    `reason`: of Stored, Parked or DropReason. `request_id`: Rehook's. `code`: Rehook's code, HTTP's
    status or the cause of a silence.
    """

    outcome: Outcome
    reason: str | None = None
    request_id: str | None = None
    code: str | None = None
    detail: str | None = None
