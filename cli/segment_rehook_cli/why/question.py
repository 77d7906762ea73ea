"""What `why` is asked about: an event, an order or a user, and which lines of the log say it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from segment_rehook.delivery import ids
from segment_rehook.segment.event import Event
from segment_rehook_cli.log.insights_query import any_of, begins, equals
from segment_rehook_cli.log.logged_outcome import LoggedOutcome

__all__ = [
    "Question",
    "QuestionKind",
    "about_event",
    "about_message_id",
    "about_order",
    "about_user",
    "key_of",
]

_REPLACED: Final = re.compile(r"sha256:[0-9a-f]{64}")


class QuestionKind(StrEnum):
    """What a question is about."""

    EVENT = "event"
    ORDER = "order"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Question:
    """A question. `asked`: the message id, the business key, or the keyed hash of the user.

    `key`: what the ids of its deliveries begin with; None for a user. `condition`: for the log's
    query, which may find more lines than the question is about: see `matches`.
    """

    kind: QuestionKind
    asked: str
    key: str | None
    condition: str

    def matches(self, line: LoggedOutcome) -> bool:
        """Whether a line is about what was asked."""
        if self.kind is QuestionKind.USER:
            return line.user == self.asked
        if self.kind is QuestionKind.EVENT and line.message_id == self.asked:
            return True
        return line.delivery is not None and key_of(line.delivery) == self.key

    def deliveries(self, subscriptions: Iterable[str]) -> list[str]:
        """Give the ids that its deliveries for these subscriptions have."""
        return [ids.delivery_id(self.key, each) for each in subscriptions] if self.key else []


def about_message_id(message_id: str) -> Question:
    """Ask about Segment's messageId, as Segment sent it or as the log shows it.

    Raises ValueError if it is empty.
    """
    if _REPLACED.fullmatch(message_id):
        # The log has this in place of a long id; no sender's id can begin so.
        return _about(message_id, ids.business_key(message_id).removeprefix(ids.BUSINESS_KEY))
    if not message_id:
        raise ValueError("it is empty")
    return about_event(Event.parse(json.dumps({"messageId": message_id}).encode()))


def about_event(event: Event) -> Question:
    """Ask about an event as Segment sent it. Raises ValueError if it has no id of any kind."""
    key = ids.event_key(event)
    if key is None:
        raise ValueError("it has neither a messageId nor a timestamp")
    return _about(event.message_id, key)


def _about(message_id: str | None, key: str) -> Question:
    conditions = [begins("delivery", f"{key}:")]
    if message_id is not None:
        conditions.append(equals("message_id", message_id))
    return Question(QuestionKind.EVENT, message_id or key, key, any_of(*conditions))


def about_order(value: str) -> Question:
    """Ask about the value of an `idempotencyKey`. Raises ValueError if it is empty."""
    if not value:
        raise ValueError("it is empty")
    key = ids.business_key(value)
    return Question(QuestionKind.ORDER, value, key, begins("delivery", f"{key}:"))


def about_user(logged: str) -> Question:
    """Ask about a user. `logged`: the keyed hash that the log has of the user."""
    return Question(QuestionKind.USER, logged, None, equals("user", logged))


def key_of(delivery: str) -> str:
    """Give the event key of a delivery's id."""
    return delivery.rpartition(":")[0]
