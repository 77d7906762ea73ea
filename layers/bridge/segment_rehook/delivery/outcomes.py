"""The outcomes of a delivery and their reasons: closed sets for answers, logs and metrics."""

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
    FAILED = "failed"  # neither settled nor stored: Segment must send the request again
    IGNORED = "ignored"  # no subscription matched


class Stored(StrEnum):
    """Why a delivery waits in the dead-letter queue."""

    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # sent without a complete answer; it may be called again
    CREDENTIALS = "credentials"
    OVER_BUDGET = "over_budget"  # after a call there would be no time left to answer
    USER_WAITING = "user_waiting"  # an earlier event of the user waits
    BREAKER_OPEN = "breaker_open"
    PAUSED = "paused"
    ALREADY_QUEUED = "already_queued"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"  # another invocation has the claim, or died with it
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    PARKING_FAILED = "parking_failed"  # given up, but SQS did not take the parked message
    UNEXPECTED = "unexpected"  # an unexpected error in the bridge; the log names it


class Parked(StrEnum):
    """Why a delivery was given up, until an operator sends it back."""

    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    MAPPING_ERROR = "mapping_error"
    NOT_MAPPED = "not_mapped"  # when it was mapped again, no call of this delivery came of it
    SUBSCRIPTION_GONE = "subscription_gone"
    GAVE_UP = "gave_up"  # too old to be tried again
    EXPIRED = "expired"  # the queue's retention is about to end
    CRASHES = "crashes"  # the function died three times while it delivered this
    UNREADABLE = "unreadable"  # this bridge did not write the message
    ID_CONFLICT = "id_conflict"  # its id belongs to another event


class Dropped(StrEnum):
    """Why a delivery is dropped. The mapping has reasons of its own: `plan.DropReason`."""

    MISSING_MESSAGE_ID = "missing_message_id"
    ID_CONFLICT = "id_conflict"  # its id belongs to another event
    TOO_LARGE = "too_large"  # it is to be parked, and does not fit into a message
    DRY_RUN = "dry_run"
    BEFORE_CUTOVER = "before_cutover"  # the hosted destination has had it


class Result(msgspec.Struct, frozen=True):
    """What became of one delivery.

    `reason`: of Stored, Parked, Dropped or DropReason; of a duplicate, the first one's outcome or
    `same_request`. `request_id`: Rehook's id of the call. `code`: Rehook's code, the HTTP status or
    the cause why there is no answer. `detail`: a sentence for a person. `milliseconds`: of
    the call to Rehook, None where none was made.
    """

    outcome: Outcome
    reason: str | None = None
    request_id: str | None = None
    code: str | None = None
    detail: str | None = None
    milliseconds: int | None = None
