"""Messages that a reading has received: they are hidden, and can be deleted or shown again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.stack.aws_errors import describe_code, describe_error
from segment_rehook_cli.stack.botocore_errors import AWS_ERRORS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
    )

__all__ = ["HeldMessages"]

T = TypeVar("T")


class HeldMessages:
    """The receipts of what was received and is not deleted. Refused calls go to `refusals`.

    `delete_failed`: a call to delete failed as a whole, so no further one should be made.
    """

    def __init__(self, client: SQSClient, url: str, refusals: Refusals) -> None:
        self._client = client
        self._url = url
        self._refusals = refusals
        self.delete_failed = False
        # By message id, in the order of receipt: the receipt and the group.
        self._receipts: dict[str, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self._receipts)

    def add(self, messages: Sequence[FailedMessage]) -> None:
        """Hold messages. One that is received again has a new receipt."""
        for each in messages:
            self._receipts.pop(each.id, None)
            self._receipts[each.id] = each.message.receipt, each.message.group

    def delete(self, messages: Sequence[FailedMessage], consequence: str) -> int:
        """Delete messages and return how many SQS deleted.

        For the others a refusal is added, with `consequence` as what became of them.
        """
        deleted = tried = 0
        for batch in _batches(messages):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": self._receipts[each.id][0]}
                for number, each in enumerate(batch)
            ]
            try:
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                rest = len(messages) - tried
                self._refusals.add("DeleteMessageBatch", describe_error(error), consequence, rest)
                self.delete_failed = True
                break
            tried += len(batch)
            for failed in answer.get("Failed", []):
                why = describe_code(failed["Code"])
                self._refusals.add("DeleteMessageBatch", why, consequence)
            for done in answer.get("Successful", []):
                del self._receipts[batch[int(done["Id"])].id]
                deleted += 1
        return deleted

    def forget(self, messages: Sequence[FailedMessage]) -> None:
        """Drop the receipts of messages that others may receive now."""
        for each in messages:
            self._receipts.pop(each.id, None)

    def show_all(self, hidden_seconds: int) -> None:
        """Make all messages visible; see `show`."""
        self._show([*self._receipts.values()], hidden_seconds)

    def show(self, messages: Sequence[FailedMessage], hidden_seconds: int) -> None:
        """Make messages visible. `hidden_seconds`: how long they stay hidden if SQS refuses.

        The groups in the order of receipt, and a group's messages from the last one to the first:
        SQS hands out nothing of a group while one of its messages is hidden, so a group comes back
        as a whole.
        """
        held = [self._receipts[each.id] for each in messages if each.id in self._receipts]
        self._show(held, hidden_seconds)

    def _show(self, held: Sequence[tuple[str, str]], hidden_seconds: int) -> None:
        groups: dict[str, list[str]] = {}
        for receipt, group in held:
            groups.setdefault(group, []).append(receipt)
        receipts = [each for group in groups.values() for each in reversed(group)]
        for batch in _batches(receipts):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(batch)
            ]
            try:
                # SQS refuses the receipt of a message that is visible already; that is no error.
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                self._refusals.add(
                    "ChangeMessageVisibilityBatch",
                    describe_error(error),
                    f"messages stay hidden for up to {hidden_seconds} s",
                    len(receipts),
                )
                return


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (
        items[start : start + MAX_BATCH_ENTRIES]
        for start in range(0, len(items), MAX_BATCH_ENTRIES)
    )
