"""A message on its way to SQS, a message that SQS has handed over, and the limits of SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGE_BYTES: Final = 1_048_576
"""The largest message, and the most for all messages of one call together."""

MAX_BATCH_ENTRIES: Final = 10
"""The most messages in one call."""

MAX_ATTRIBUTES: Final = 10
"""The most attributes of one message."""

MAX_HIDDEN_SECONDS: Final = 43_200
"""The longest time for which a message may be hidden, from its receipt on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message for a FIFO queue: ids of at most 128 ASCII characters, an ASCII body.

    `dedupe`: its deduplication id. `room`: bytes that must stay free, because they are added when
    the message is sent on to another queue.
    """

    group: str
    dedupe: str
    body: str
    attributes: Mapping[str, str]
    room: int = 0

    def size(self) -> int:
        """Its bytes as SQS counts them: the body, and each attribute's name, type and value."""
        return len(self.body) + sum(
            len(name) + len("String") + len(value.encode())
            for name, value in self.attributes.items()
        )

    @property
    def too_large(self) -> bool:
        """Whether SQS refuses a message of this size, or would with what is added later."""
        return self.size() + self.room > MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as SQS handed it over.

    `receipt`: the handle that deletes or hides it. `sent_at`: when it entered this queue, in
    seconds of Unix time. `receive_count`: how often it was handed over, this time included.
    """

    message_id: str
    receipt: str
    group: str
    body: str
    attributes: Mapping[str, str]
    sent_at: float
    receive_count: int
