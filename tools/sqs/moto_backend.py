"""moto's SQS with ``FifoQueue`` for its FIFO queues.

moto does everything around a queue: the server, both protocols, names, attributes, policies and
batches. Its own FIFO queues differ from AWS's in order, time-outs, receipts, deduplication,
retention and the characters that they accept, and they have no message-move tasks. So none of
their logic is used. A FIFO queue's DelaySeconds has no effect. Standard queues are moto's own.
"""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from moto.sqs import models
from moto.sqs.exceptions import (
    BatchRequestTooLong,
    InvalidParameterValue,
    ReceiptHandleIsInvalid,
    SQSException,
    TooManyEntriesInBatchRequest,
)
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from segment_rehook.delivery.queues.transport import Outgoing
from tools.sqs import rules
from tools.sqs.fifo import CHANGED, FifoQueue
from tools.sqs.moto_moves import list_message_move_tasks, start_message_move_task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.sqs.fifo import Stored


class MotoQueue(Queue):
    """moto's queue. If it is a FIFO queue, its messages are in ``fifo``."""

    clock: ClassVar[staticmethod[[], float]] = staticmethod(time.time)
    max_wait: ClassVar[float] = rules.MAX_WAIT_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.fifo: FifoQueue[Message] = FifoQueue(now=self.clock)
        self.moves: list[dict[str, Any]] = []
        super().__init__(*args, **kwargs)

    def _set_attributes(self, attributes: dict[str, Any], now: float | None = None) -> None:
        super()._set_attributes(attributes, now)
        set_ = vars(self)
        self.fifo.visibility = set_["visibility_timeout"]
        self.fifo.retention = set_["message_retention_period"]
        self.fifo.per_group = set_["deduplication_scope"] == "messageGroup"
        behind = cast("MotoQueue | None", self.dead_letter_queue)
        self.fifo.parking = behind.fifo if behind else None
        policy = set_["redrive_policy"]
        self.fifo.max_receives = policy["maxReceiveCount"] if behind and policy else None

    @property
    def approximate_number_of_messages(self) -> int:
        """The number of messages that are not in flight, those of locked groups included."""
        if not self.fifo_queue:
            return super().approximate_number_of_messages
        return self.fifo.depth() - self.approximate_number_of_messages_not_visible

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """The number of messages in flight."""
        if not self.fifo_queue:
            return super().approximate_number_of_messages_not_visible
        return len(self.fifo.in_flight())

    def add_message(self, message: Message) -> None:
        """Add a message, as the last step of moto's SendMessage."""
        if not self.fifo_queue:
            super().add_message(message)
            return
        self.fifo.add(
            str(message.group_id), str(message.deduplication_id), message, message_id=message.id
        )


class MotoBackend(SQSBackend):
    """moto's backend, with ``FifoQueue`` for every operation on a FIFO queue."""

    __module__ = SQSBackend.__module__  # where moto looks for the service's routes

    def queue(self, name: str) -> MotoQueue:
        """Return a queue by its name. Raises QueueDoesNotExist."""
        return cast("MotoQueue", self.get_queue(name))

    def send_message(
        self, queue_name: str, message_body: str, *args: Any, **kwargs: Any
    ) -> Message:
        """Send a message as moto does, if it is within SQS's limits."""
        if self.queue(queue_name).fifo_queue:
            entry = {
                "MessageBody": message_body,
                "MessageGroupId": kwargs.get("group_id"),
                "MessageDeduplicationId": kwargs.get("deduplication_id"),
                "MessageAttributes": kwargs.get("message_attributes"),
            }
            if not rules.takes(_outgoing(entry)):
                raise InvalidParameterValue("The message is not within SQS's limits.")
        return super().send_message(queue_name, message_body, *args, **kwargs)

    def send_message_batch(
        self, queue_name: str, entries: dict[str, dict[str, Any]]
    ) -> tuple[list[Message], list[dict[str, Any]]]:
        """Send messages, and refuse each invalid one alone; moto refuses the whole call."""
        if not self.queue(queue_name).fifo_queue:
            return super().send_message_batch(queue_name, entries)
        if len(entries) > rules.MAX_BATCH_ENTRIES:
            raise TooManyEntriesInBatchRequest(len(entries))
        messages = {key: _outgoing(entry) for key, entry in entries.items()}
        if rules.too_long(messages.values()):
            raise BatchRequestTooLong(sum(map(rules.octets, messages.values())))
        fine = {key: entry for key, entry in entries.items() if rules.takes(messages[key])}
        sent, failed = super().send_message_batch(queue_name, fine)
        refusal = InvalidParameterValue("The message is not within SQS's limits.")
        return sent, failed + [
            _failure(entry["Id"], refusal) for key, entry in entries.items() if key not in fine
        ]

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        """Wait for messages by this machine's clock; return as soon as there is one."""
        queue, names = self.queue(queue_name), message_attribute_names or []
        if not queue.fifo_queue:
            return super().receive_message(
                queue_name, count, wait_seconds_timeout, visibility_timeout, names
            )
        end = time.monotonic() + min(wait_seconds_timeout or 0, queue.max_wait)
        with CHANGED:
            while True:
                taken = queue.fifo.take(count, visibility_timeout)
                rest = end - time.monotonic()
                if taken or rest <= 0:
                    return [_received(stored, names) for stored in taken]
                # Nothing notifies this thread when a visibility time-out ends, so it looks again.
                CHANGED.wait(min(rest, 0.2))

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        """Delete a message by a valid receipt."""
        queue = self.queue(queue_name)
        if not queue.fifo_queue:
            super().delete_message(queue_name, receipt_handle)
        elif not queue.fifo.delete(receipt_handle):
            raise ReceiptHandleIsInvalid

    def change_message_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        """Hide a message by a valid receipt."""
        queue = self.queue(queue_name)
        if not queue.fifo_queue:
            super().change_message_visibility(queue_name, receipt_handle, visibility_timeout)
            return
        with CHANGED:
            if not queue.fifo.holds(receipt_handle):
                raise ReceiptHandleIsInvalid
            if not queue.fifo.hide(receipt_handle, visibility_timeout):
                raise InvalidParameterValue(
                    f"Value {visibility_timeout} for parameter VisibilityTimeout is invalid. "
                    "Reason: Total VisibilityTimeout for the message is beyond the limit "
                    "[43200 seconds]"
                )

    def change_message_visibility_batch(
        self, queue_name: str, entries: list[dict[str, Any]]
    ) -> tuple[list[str], list[dict[str, Any]]]:
        """Change each entry by itself; moto refuses the whole call for one invalid time."""
        done, failed = [], []
        for entry in entries:
            try:
                self.change_message_visibility(
                    queue_name, entry["ReceiptHandle"], entry["VisibilityTimeout"]
                )
            except SQSException as error:
                failed.append(_failure(entry["Id"], error))
            else:
                done.append(entry["Id"])
        return done, failed

    def purge_queue(self, queue_name: str) -> None:
        """Delete every message."""
        super().purge_queue(queue_name)
        self.queue(queue_name).fifo.empty()


def _outgoing(entry: Mapping[str, Any]) -> Outgoing:
    """The message to check. moto itself refuses an entry without group or deduplication id."""
    return Outgoing(
        group=entry.get("MessageGroupId") or "-",
        dedupe=entry.get("MessageDeduplicationId") or "-",
        body=entry["MessageBody"],
        attributes={
            name: value["StringValue"]
            for name, value in (entry.get("MessageAttributes") or {}).items()
            if "StringValue" in value
        },
    )


def _received(stored: Stored[Message], attribute_names: list[str]) -> Message:
    message = copy.copy(stored.message)
    message.id, message.receipt_handle = stored.message_id, stored.receipt
    message.sent_timestamp = int(stored.sent_at * 1000)  # type: ignore[assignment]  # moto's own
    message.approximate_receive_count = stored.receive_count
    message.approximate_first_receive_timestamp = int(stored.first_received_at * 1000)
    models._filter_message_attributes(message, attribute_names)  # noqa: SLF001 — moto's own filter
    return message


def _failure(entry: str, error: SQSException) -> dict[str, Any]:
    return {"Id": entry, "SenderFault": True, "Code": error.code, "Message": error.message}


def install(
    now: Callable[[], float] = time.time, *, max_wait: float = rules.MAX_WAIT_SECONDS
) -> None:
    """Replace moto's classes with these. Call it before the first call to moto's SQS.

    ``now`` returns the time, in seconds since the epoch, of queues that are made from then on.
    ``max_wait`` is for how many seconds a receive waits at most. A receive that does not wait looks
    at all messages as well, since there is one server.
    """
    MotoQueue.clock = staticmethod(now)
    MotoQueue.max_wait = max_wait
    models.Queue = MotoQueue  # type: ignore[misc]  # a patch
    models.sqs_backends.backend = MotoBackend
    answers = SQSResponse
    answers.start_message_move_task = start_message_move_task  # type: ignore[attr-defined]  # moto lacks it
    answers.list_message_move_tasks = list_message_move_tasks  # type: ignore[attr-defined]  # as above
