"""What SQS takes and gives, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGE_BYTES: Final = 1_048_576
"""For one message, and for all the messages of one call together."""

MAX_BATCH_ENTRIES: Final = 10
"""Messages in one call."""

MAX_ATTRIBUTES: Final = 10
"""Attributes of one message."""

MAX_HIDDEN_SECONDS: Final = 43_200
"""How long after its receive a message may be hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message for a FIFO queue: ids of at most 128 ASCII characters, an ASCII body.

    `room`: bytes to be left free for what is added on the way to another queue.
    """

    group: str
    dedupe: str
    body: str
    attributes: Mapping[str, str]
    room: int = 0

    def size(self) -> int:
        """Bytes that SQS counts: the body, and each attribute's name, type and value."""
        return len(self.body) + sum(
            len(name) + len("String") + len(value.encode())
            for name, value in self.attributes.items()
        )

    @property
    def too_large(self) -> bool:
        """Whether SQS takes no message of this size, or would not with what is added later."""
        return self.size() + self.room > MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as SQS handed it over. `sent_at` (epoch seconds) is when it entered this queue."""

    message_id: str
    receipt: str
    group: str
    body: str
    attributes: Mapping[str, str]
    sent_at: float
    receive_count: int
