"""A message of either queue, as SQS gives it to the command line: a delivery that failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from segment_rehook.aws.sqs import received
from segment_rehook.delivery.outcomes import Parked, Stored
from segment_rehook.delivery.queues.message import Header, MessageUnreadable
from segment_rehook.delivery.queues.transport import Received
from segment_rehook.rehook.reply import ReplyClass
from segment_rehook.segment.event_time import time_text

__all__ = ["FOREIGN", "FailedMessage", "QueueName"]

FOREIGN: Final = "not a message of this bridge"

_CLASS_OF_REASON: Final[dict[str, ReplyClass]] = {
    Stored.THROTTLED: ReplyClass.THROTTLED,
    Stored.UNAVAILABLE: ReplyClass.UNAVAILABLE,
    Stored.UNREACHABLE: ReplyClass.UNREACHABLE,
    Stored.UNKNOWN: ReplyClass.UNKNOWN,
    Stored.CREDENTIALS: ReplyClass.CREDENTIALS,
    Parked.REJECTED: ReplyClass.REJECTED,
    Parked.OUTCOME_UNKNOWN: ReplyClass.UNKNOWN,
}
# Only the details of these reasons can begin with the code of a reply (`delivery.after_call`).
_AFTER_A_CALL: Final = frozenset({Parked.REJECTED, Parked.OUTCOME_UNKNOWN, Parked.GAVE_UP})
_CODE: Final = re.compile(r"(?:[0-9]{3,6}|[a-z]+_(?:timeout|failed)|late)(?= |$)")
_LAST_TRY: Final = re.compile(r"last try: ([a-z]+)$")


class QueueName(StrEnum):
    """Where a message is. OTHER: in the queue that --from-queue names."""

    PARKED = "parked"
    WAITING = "waiting"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """One message. `header` is None if the bridge did not write the message."""

    queue: QueueName
    message: Received
    header: Header | None

    @classmethod
    def from_sqs(cls, queue: QueueName, raw: Any) -> FailedMessage:
        """Read one message of ReceiveMessage's answer."""
        message = received(_as_lambda_record(raw))
        try:
            return cls(queue, message, Header.read(message.attributes))
        except MessageUnreadable:
            return cls(queue, message, None)

    @property
    def id(self) -> str:
        """SQS's id of the message."""
        return self.message.message_id

    @property
    def reason(self) -> str:
        """Why it was parked; of a waiting one, why it was stored."""
        return self.header.reason if self.header else Parked.UNREADABLE

    @property
    def detail(self) -> str:
        """Rehook's answer or the bridge's text; empty where there is none."""
        return self.header.detail if self.header else FOREIGN

    @property
    def code(self) -> str | None:
        """The code of Rehook's last answer, or why none came. None where the message has none."""
        if self.header is None or self.reason not in _AFTER_A_CALL:
            return None
        found = _CODE.match(self.detail)
        return found[0] if found else None

    @property
    def reply_class(self) -> ReplyClass | None:
        """The class of Rehook's last answer, as far as the message has it."""
        if self.reason == Parked.GAVE_UP and (found := _LAST_TRY.search(self.detail)):
            return next((each for each in ReplyClass if each == found[1]), None)
        return _CLASS_OF_REASON.get(self.reason)

    def age(self, now: float) -> int:
        """Return the seconds since it entered this queue. `now`: in seconds since 1970."""
        return max(int(now - self.message.sent_at), 0)

    def summary(self, now: float) -> dict[str, str | int | None]:
        """Return what a person needs to decide, without the event. `now`: as in `age`."""
        header = self.header
        return {
            "queue": self.queue.value,
            "delivery": header.delivery if header else None,
            "subscription": header.subscription if header else None,
            "reason": self.reason,
            "class": self.reply_class,
            "code": self.code,
            "detail": self.detail,
            "ageSeconds": self.age(now),
            "since": time_text(int(self.message.sent_at)),
            "receives": self.message.receive_count,
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
