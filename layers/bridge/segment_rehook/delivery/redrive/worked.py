"""What became of one message of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segment_rehook.delivery.outcomes import Result
    from segment_rehook.delivery.queues.transport import Received
    from segment_rehook.delivery.redrive.disposition import CallKind


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one message.

    `kept`: SQS must keep it. `next_try`: seconds until SQS shows it again, None where SQS did not
    accept that time. `called`: see `disposition`.
    """

    message: Received
    result: Result
    kept: bool
    next_try: int | None = None
    called: CallKind | None = None

    def age(self, now: float) -> int:
        """Give the seconds since the message entered the queue. `now`: in Unix time."""
        return max(round(now - self.message.sent_at), 0)

    @property
    def delivery(self) -> str | None:
        """The delivery's id, if the message has one."""
        return self.message.attributes.get("delivery")
