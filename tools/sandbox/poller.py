"""An event source mapping: it passes batches from a queue to a function, and deletes them.

One thread receives messages, and ``maximum_concurrency`` threads run batches. A message group is in
one batch at a time, because the queue holds the group back while one of its messages is in flight.
A message that a batch reports as failed is visible again after its visibility time-out, which the
function may have changed.
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

_WAIT_SECONDS = 1
"""How long one receive waits, and so how long a pause or an end may take."""


class Poller:
    """One running event source mapping. It is paused at first."""

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
        """Receive batches from now on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def pause(self) -> None:
        """Receive no more batches, and wait until the running ones have ended."""
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: not self._running and not self._receiving)

    @property
    def finished(self) -> dict[str, int] | None:
        """By message id, how many receives a function has finished with; None while paused."""
        with self._changed:
            if self._paused and not self._running and not self._receiving:
                return None
            return dict(self._finished)

    def close(self) -> None:
        """Stop, and wait for the running batches, which end when their function is closed."""
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
        # As in Lambda, a queue that fails is asked again; the cause may be an ordered fault.
        with contextlib.suppress(BotoCoreError, ClientError):
            return self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(self.source.batch_size, 10),
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        with self._changed:
            self._changed.wait(_WAIT_SECONDS)
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
                # Deleted messages too: if SQS failed to delete one, it is received again.
                self._finished |= left
                self._changed.notify_all()

    def _delete(self, messages: list[MessageTypeDef]) -> None:
        if not messages:
            return
        # A message that could not be deleted is received again, as from SQS itself.
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
