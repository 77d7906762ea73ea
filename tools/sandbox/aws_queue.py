"""What moto's SQS lacks for this product, put into its classes before its server starts.

- A dedupe id counts for five minutes also after its message was deleted, and within its group only
  where the queue says so (``DeduplicationScope``). moto looks at the messages still queued.
- A FIFO receipt handle dies with its visibility time-out or its successor: who was frozen meanwhile
  can neither delete nor postpone the message. moto takes every handle a message ever had.
- Time: each send in moto counts all messages several times. Here it costs the same at any depth.
- One operation at a time: two receives at once could take the same message.

- A group's messages that become visible at the same time come in order, the first one first.

What it leaves as moto does it: the group lock, redrive to the dead-letter queue.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time_millis
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEDUPLICATION_MILLISECONDS = 300_000
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)

_changed = threading.Condition()
"""Held by every operation; notified when a message may have become receivable."""


class IndexedQueue(Queue):
    """moto's queue with indexes in place of its searches."""

    BASE_ATTRIBUTES = [name for name in Queue.BASE_ATTRIBUTES if name not in _COUNTS]  # noqa: RUF012 — moto's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._accepted: dict[tuple[str | None, str], float] = {}
        self._by_receipt: dict[str, Message] = {}
        super().__init__(*args, **kwargs)

    @property
    def messages(self) -> list[Message]:
        """Those that can be received now, in order."""
        now = unix_time_millis()
        return [m for m in self._messages if m.visible_at < now and m.delayed_until <= now]

    def counts(self) -> dict[str, int]:
        """The three figures that change with time."""
        now = unix_time_millis()
        delayed = sum(m.delayed_until > now for m in self._messages)
        hidden = sum(m.visible_at >= now for m in self._messages)
        visible = len(self._messages) - delayed - hidden
        return dict(zip(_COUNTS, (visible, delayed, hidden), strict=True))

    def add_message(self, message: Message) -> None:
        """Queue a message, unless SQS would take it for one that it has had."""
        if message.deduplication_id is not None and self._is_duplicate(message):
            return
        self._messages.append(message)
        _changed.notify_all()

    def _is_duplicate(self, message: Message) -> bool:
        assert message.deduplication_id is not None  # noqa: S101 — the caller has looked
        per_group = self.attributes["DeduplicationScope"] == "messageGroup"
        key = (message.group_id if per_group else None, message.deduplication_id)
        now = unix_time_millis()
        accepted = self._accepted.get(key)
        if accepted is not None and now - accepted < _DEDUPLICATION_MILLISECONDS:
            return True
        self._accepted[key] = now
        return False

    def note_receipts(self, received: list[Message]) -> None:
        """Index the handles just given out; the received ones are copies."""
        ids = {message.id for message in received}
        for message in self.pending_messages:
            if message.id in ids and message.receipt_handle is not None:
                self._by_receipt[message.receipt_handle] = message

    def unlock_groups(self) -> None:
        """Forget that messages are in flight whose time-out has run out.

        moto does so one by one as it looks at them, which keeps a group locked until it has come to
        the last of them, and then it hands that one out first.
        """
        visible = [message for message in self.pending_messages if message.visible]
        self.pending_messages.difference_update(visible)

    def in_hand(self, receipt_handle: str) -> Message:
        """The message that a handle gives power over. Raises ReceiptHandleIsInvalid."""
        message = self._by_receipt.get(receipt_handle)
        if message is None:
            raise ReceiptHandleIsInvalid
        expired = message.visible or message.receipt_handle != receipt_handle
        if self.fifo_queue and expired:
            raise ReceiptHandleIsInvalid
        return message

    def delete_message(self, receipt_handle: str) -> None:
        """Delete by a handle; a second time changes nothing."""
        if receipt_handle in self.deleted_messages:
            return
        message = self.in_hand(receipt_handle)
        self._messages.remove(message)
        self.pending_messages.discard(message)
        self.deleted_messages.add(receipt_handle)
        del self._by_receipt[receipt_handle]
        _changed.notify_all()

    def hasten(self, finished: Mapping[str, int] | None) -> int:
        """Make what waits for its visibility receivable now.

        ``finished``: up to which receive a consumer is done with a message, by id; what it has
        received since stays in its hand. None: there is no consumer.
        """
        with _changed:
            waiting = [
                m
                for m in self._messages
                if not m.visible
                and (finished is None or m.approximate_receive_count <= finished.get(m.id, 0))
            ]
            for message in waiting:
                message.visible_at = 0.0
            _changed.notify_all()
        return len(waiting)

    def empty(self) -> None:
        """Forget every message."""
        with _changed:
            self._messages.clear()
            self._pending_messages.clear()
            self._by_receipt.clear()


class IndexedBackend(SQSBackend):
    """moto's backend over ``IndexedQueue``, one operation at a time."""

    __module__ = SQSBackend.__module__  # where moto looks for the service's routes
    queues: dict[str, IndexedQueue]  # type: ignore[assignment]

    def send_message(self, *args: Any, **kwargs: Any) -> Message:
        """As moto."""
        with _changed:
            return super().send_message(*args, **kwargs)

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        """As moto, waking as soon as there is something to receive."""
        queue = self.queues[self.get_queue(queue_name).name]
        end = time.monotonic() + (wait_seconds_timeout or 0)
        with _changed:
            while True:
                queue.unlock_groups()
                received = super().receive_message(
                    queue_name, count, 0, visibility_timeout, message_attribute_names
                )
                rest = end - time.monotonic()
                if received or rest <= 0:
                    queue.note_receipts(received)
                    return received
                # A visibility that runs out wakes nobody, so look again a few times a second.
                _changed.wait(min(rest, 0.2))

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        """As moto."""
        with _changed:
            super().delete_message(queue_name, receipt_handle)

    def change_message_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        """Postpone a message that is in hand, by at most 12 hours from now."""
        queue = self.queues[self.get_queue(queue_name).name]
        with _changed:
            message = queue.in_hand(receipt_handle)
            message.change_visibility(visibility_timeout)
            if not visibility_timeout:
                message.visible_at = 0.0
                queue.pending_messages.discard(message)
            _changed.notify_all()

    def get_queue_attributes(self, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        """As moto, with the counts asked of the queue only when they are wanted."""
        queue = self.queues[self.get_queue(queue_name).name]
        with _changed:
            counts = queue.counts()
        others = [name for name in attribute_names if name not in counts]
        attributes = super().get_queue_attributes(queue_name, others)
        wanted = counts if "All" in attribute_names else {*attribute_names} & counts.keys()
        return attributes | {name: counts[name] for name in wanted}


def install() -> None:
    """Put both classes in moto's places. Before its server starts, once per process."""
    models.Queue = IndexedQueue  # type: ignore[misc]
    models.sqs_backends.backend = IndexedBackend
