"""What SQS must do with a dead letter after an attempt.

`called`: the call that was made or would have been; None if the message was not read so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.outcomes import Result


@dataclass(frozen=True, slots=True)
class CallKind:
    """What the log says of a call. `mapping`: the version of the mapping that made it, if known."""

    action: str
    mapping: str | None


@dataclass(frozen=True, slots=True)
class Delete:
    """SQS may delete the message."""

    result: Result
    called: CallKind | None = None


@dataclass(frozen=True, slots=True)
class Hide:
    """SQS must hide the message for `seconds`. Then the claim `mine` is settled as queued."""

    result: Result
    seconds: int
    mine: Record | None = None
    called: CallKind | None = None


Disposition = Delete | Hide
