"""A queue of the stack, as a test or the demo looks into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox.intrinsics import ACCOUNT

if TYPE_CHECKING:
    from tools.sandbox.poller import Poller
    from tools.sandbox.services import AwsControl, QueuedMessage


class Queue:
    """A queue by its physical name. ``consumer``: the event source that reads it, if any."""

    def __init__(self, aws: AwsControl, name: str, consumer: Poller | None) -> None:
        self._aws = aws
        self._name = name
        self._consumer = consumer
        self.url = queue_url(aws, name)

    def messages(self) -> list[QueuedMessage]:
        """The messages in it, in order; they are not received."""
        return self._aws.messages(self._name)

    def empty(self) -> None:
        """Delete its messages."""
        self._aws.empty(self._name)

    def hasten(self) -> int:
        """Make every waiting message visible now, except those that a function is processing.

        Returns how many messages were waiting.
        """
        return self._aws.hasten(self._name, self._consumer.finished if self._consumer else None)


def queue_url(aws: AwsControl, name: str) -> str:
    """The URL of a queue, by its physical name."""
    return f"{aws.api_url}/{ACCOUNT}/{name}"
