"""Which messages a command works on: the filters, and the queues."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from segment_rehook.rehook.reply import ReplyClass
from segment_rehook_cli.failures.message import FailedMessage

__all__ = ["QueueChoice", "Selection"]

_WHERE: Final = frozenset({"queue", "from_queue"})


class QueueChoice(StrEnum):
    """The queues of a stack that a command works on."""

    PARKED = "parked"
    WAITING = "waiting"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters, all of which must hold, and the queues. None: no such filter.

    `user`: the hash of a user's id (`ids.user_hash`), never the id. `older_than`, `newer_than`: age
    in the queue, in seconds. `from_queue`: the URL of a queue to read instead of the stack's own.
    """

    queue: QueueChoice = QueueChoice.BOTH
    from_queue: str | None = None
    reason: str | None = None
    code: str | None = None
    reply_class: ReplyClass | None = None
    subscription: str | None = None
    user: str | None = None
    older_than: float | None = None
    newer_than: float | None = None
    delivery: str | None = None

    @property
    def filtered(self) -> bool:
        """Whether there is any filter, so that some messages may be left out."""
        filters = (getattr(self, each.name) for each in fields(self) if each.name not in _WHERE)
        return any(each is not None for each in filters)

    @property
    def parked(self) -> bool:
        """Whether the parking lot is read."""
        return self.from_queue is None and self.queue is not QueueChoice.WAITING

    @property
    def waiting(self) -> bool:
        """Whether the dead-letter queue is read."""
        return self.from_queue is None and self.queue is not QueueChoice.PARKED

    def takes(self, failed: FailedMessage, now: float) -> bool:
        """Whether a message passes all filters. `now`: SQS's time, in seconds since 1970."""
        header, age = failed.header, now - failed.message.sent_at
        return (
            self.reason in {None, failed.reason}
            and self.code in {None, failed.code}
            and self.reply_class in {None, failed.reply_class}
            and self.subscription in {None, header.subscription if header else None}
            and self.user in {None, header.user if header else None}
            and self.delivery in {None, header.delivery if header else None}
            and (self.older_than is None or age > self.older_than)
            and (self.newer_than is None or age < self.newer_than)
        )

    def of_queue(self, queue: QueueChoice) -> Selection:
        """Return the same filters for another queue."""
        return replace(self, queue=queue)

    def as_json(self) -> dict[str, Any]:
        """Return the filters and queues that are set, for a job file."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of_json(cls, members: Any) -> Selection:
        """Read what `as_json` gave. Raises TypeError or ValueError for anything else."""
        read = dict(members)
        if "queue" in read:
            read["queue"] = QueueChoice(read["queue"])
        if "reply_class" in read:
            read["reply_class"] = ReplyClass(read["reply_class"])
        return cls(**read)
