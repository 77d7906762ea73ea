"""An event source mapping: batches from a queue to a function, deleting what it settled.

One thread receives, so many as ``maximum_concurrency`` run batches. A message group is in one batch
at a time because the queue itself keeps it back while one of its messages is in flight. What a
batch does not settle stays until its visibility runs out, or what the function made of it.
"""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tools.sandbox import batch
from tools.sandbox.function import FunctionBroken
from tools.sandbox.intrinsics import REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from tools.sandbox.function import Function
    from tools.sandbox.template import EventSource

_PATIENCE_SECONDS = 1
"""How long one receive waits: also how long an end or a pause may take."""


class Poller:
    """One event source mapping at work. It starts paused."""

    def __init__(
        self, source: EventSource, function: Function, sqs: SQSClient, url: str, arn: str
    ) -> None:
        self.source = source
        self._function = function
        self._sqs = sqs
        self._url = url
        self._arn = arn
        self._changed = threading.Condition()
        self._paused = True
        self._closed = False
        self._finished: dict[str, int] = {}
        self._running = 0
        self._receiving = False
        self._workers = ThreadPoolExecutor(source.maximum_concurrency)
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Take batches (again)."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def pause(self) -> None:
        """Take no more batches; returns when those under way are done."""
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: not self._running and not self._receiving)

    @property
    def finished(self) -> dict[str, int] | None:
        """Up to which receive a function is done with each message; None while it stands still."""
        with self._changed:
            if self._paused and not self._running and not self._receiving:
                return None
            return dict(self._finished)

    def close(self) -> None:
        """Stop; batches under way end with their function."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._workers.shutdown()

    def _poll(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._may_receive())
                if self._closed:
                    return
                self._receiving = True
            messages = self._receive()
            with self._changed:
                self._receiving = False
                self._changed.notify_all()
                if not messages:
                    continue
                self._running += 1
            self._workers.submit(self._run, messages)

    def _may_receive(self) -> bool:
        return not self._paused and self._running < self.source.maximum_concurrency

    def _receive(self) -> list[MessageTypeDef]:
        # A queue that can't be reached is asked again, as Lambda does; a fault may be in force.
        with contextlib.suppress(BotoCoreError, ClientError):
            return self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(self.source.batch_size, 10),
                WaitTimeSeconds=_PATIENCE_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        with self._changed:
            self._changed.wait(_PATIENCE_SECONDS)
        return []

    def _run(self, messages: list[MessageTypeDef]) -> None:
        left = {each["MessageId"]: _receives(each) for each in messages}
        try:
            event = batch.event_of(messages, self._arn, REGION)
            with contextlib.suppress(FunctionBroken):
                outcome = self._function.invoke(json.dumps(event).encode())
                partial = self.source.partial_responses
                done = batch.settled(list(left), outcome, partial_responses=partial)
                self._delete([message for message in messages if message["MessageId"] in done])
        finally:
            with self._changed:
                self._running -= 1
                # Also what was deleted: SQS may have failed to, and then it comes again.
                self._finished |= left
                self._changed.notify_all()

    def _delete(self, messages: list[MessageTypeDef]) -> None:
        if not messages:
            return
        # What can't be deleted comes again: that is SQS's promise, not a fault of the sandbox.
        with contextlib.suppress(BotoCoreError, ClientError):
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ],
            )


def _receives(message: MessageTypeDef) -> int:
    return int(message["Attributes"]["ApproximateReceiveCount"])
