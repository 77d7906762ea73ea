"""What is in the stack's queues, looked at without receiving: no message is hidden by it."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook_cli.failures.entry import letter_of
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.why.delivery_facts import Sighting
from segment_rehook_cli.why.question import key_of
from segment_rehook_cli.why.queue_search import QueueSearch, SeenMessage

if TYPE_CHECKING:
    from segment_rehook_cli.why.question import Question
    from tools.console.subject import ConsoleSubject
    from tools.sandbox.services import QueuedMessage

__all__ = ["HeldMessage", "RewardCount", "counts", "held_messages", "queue_search", "reward_counts"]

MAX_COUNTS: Final = 12

_REWARDING: Final = "trackEvent"
_QUEUES: Final = {QueueName.WAITING: "DeadLetterQueue", QueueName.PARKED: "ParkingLot"}


class HeldMessage(NamedTuple):
    """A message in a queue. ``visible_in``: seconds until its next try, 0 if it can be taken now.

    ``user``: the id in its event, None if that can't be read. ``row``: the number of its row.
    """

    failed: FailedMessage
    visible_in: float
    user: str | None
    age: int
    row: int | None


class RewardCount(NamedTuple):
    """What a user got. ``delivered``: deliveries of track events, by the outcomes of the bridge.

    ``rewards``: by the fake Rehook's own count. Both are equal unless a reward was lost or doubled,
    or the mapping names the user by something else than the event's userId.
    """

    user: str
    delivered: int
    rewards: int


def held_messages(subject: ConsoleSubject, queue: QueueName) -> list[HeldMessage]:
    """Give the messages of a queue, in its order."""
    now = time.time()
    found = []
    for each in subject.box.queue(_QUEUES[queue]).messages():
        failed = _failed(queue, each, now)
        header = failed.header
        row = None if header is None else subject.recording.number_of(header.delivery)
        found.append(HeldMessage(failed, each.visible_in, _user(failed), int(each.age), row))
    return found


def counts(messages: list[HeldMessage]) -> dict[str, list[tuple[str, int]]]:
    """Count messages by reason and by user, the most frequent first: MAX_COUNTS at most."""
    reasons = Counter(each.failed.reason for each in messages)
    users = Counter(each.user or "unknown" for each in messages)
    return {"reason": reasons.most_common(MAX_COUNTS), "user": users.most_common(MAX_COUNTS)}


def reward_counts(subject: ConsoleSubject) -> list[RewardCount]:
    """Count by user; empty where Rehook is the user's own."""
    if not hasattr(subject.box, "rehook"):
        return []
    rewards: Counter[str] = Counter()
    for (user, _), count in subject.box.rehook.rewards().items():
        rewards[user] += count
    delivered = subject.recording.delivered(_REWARDING)
    return [
        RewardCount(user, delivered[user], rewards[user]) for user in sorted({*rewards, *delivered})
    ]


def queue_search(subject: ConsoleSubject, question: Question) -> QueueSearch:
    """Look for the messages that a question is about, as ``why --look-in-queues`` does."""
    seen = [
        SeenMessage(header, _sighting(each.failed))
        for queue in _QUEUES
        for each in held_messages(subject, queue)
        if (header := each.failed.header) is not None and key_of(header.delivery) == question.key
    ]
    return QueueSearch(tuple(seen), whole=True)


def _failed(queue: QueueName, queued: QueuedMessage, now: float) -> FailedMessage:
    """Give a message the form in which ReceiveMessage answers."""
    return FailedMessage.from_sqs(
        queue,
        {
            "MessageId": queued.id,
            "ReceiptHandle": "",
            "Body": queued.body,
            "Attributes": {
                "MessageGroupId": queued.group or "",
                "SentTimestamp": str(int((now - queued.age) * 1000)),
                "ApproximateReceiveCount": str(queued.received),
            },
            "MessageAttributes": {
                name: {"StringValue": value} for name, value in queued.attributes.items()
            },
        },
    )


def _user(failed: FailedMessage) -> str | None:
    letter = letter_of(failed)
    if letter is None:
        return None
    try:
        user = Event.parse(letter.event).member("userId")
    except UnreadableEvent:
        return None
    return user if isinstance(user, str) else None


def _sighting(failed: FailedMessage) -> Sighting:
    header = failed.header
    return Sighting(
        queue=failed.queue,
        reason=failed.reason,
        sent_at=failed.message.sent_at,
        was_parked=header is not None and header.parked_token is not None,
        detail=failed.detail,
    )
