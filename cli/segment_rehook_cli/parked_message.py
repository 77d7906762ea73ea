"""One message of the parking lot, as SQS gives it to the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segment_rehook.aws.sqs import received
from segment_rehook.delivery.queues.message import Header, MessageUnreadable
from segment_rehook.delivery.queues.transport import Received

__all__ = ["ParkedMessage"]


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message. `header` is None if the bridge did not write the message."""

    message: Received
    header: Header | None

    @classmethod
    def from_sqs(cls, raw: Any) -> ParkedMessage:
        """Read one message of ReceiveMessage's answer."""
        message = received(_as_lambda_record(raw))
        try:
            return cls(message, Header.read(message.attributes))
        except MessageUnreadable:
            return cls(message, None)

    @property
    def id(self) -> str:
        """SQS's id of the message."""
        return self.message.message_id

    def summary(self, now: float) -> dict[str, str | int | None]:
        """Return what a person needs to decide, without the event. `now` in seconds since 1970."""
        header = self.header
        return {
            "delivery": header.delivery if header else None,
            "reason": header.reason if header else "unreadable",
            "detail": header.detail if header else "not a message of this bridge",
            "parkedSecondsAgo": max(int(now - self.message.sent_at), 0),
            "sqsMessageId": self.id,
        }


def _as_lambda_record(message: Any) -> dict[str, Any]:
    """Give a message the form in which Lambda hands it to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
    }
