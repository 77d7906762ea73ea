"""Events of many users on the running bridge: sent, parked, and what became of them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.end_to_end.conftest import drain

if TYPE_CHECKING:
    from tools.sandbox import Sandbox

NUMBERS = itertools.count(1)
REFUSED = '{"code": 400, "message": "no such rule"}'
PART = 40
"""So many events are in one request."""

Event = dict[str, Any]


def events_of(users: int, each: int) -> list[Event]:
    """Make events of so many new users, the users in turn."""
    first = next(NUMBERS) * 1_000
    return [
        {
            "type": "track",
            "event": f"order-{number}",
            "messageId": f"failure-{first + user}-{number}",
            "userId": f"customer-{first + user}",
            "timestamp": "2026-01-15T10:00:00.000Z",
            "properties": {"total": 25},
        }
        for number in range(each)
        for user in range(users)
    ]


def send(box: Sandbox, events: Sequence[Event]) -> None:
    """Send events as Segment does; all are accepted."""
    for start in range(0, len(events), PART):
        assert box.segment.send_batch(events[start : start + PART]).status == 200


def store(box: Sandbox, events: Sequence[Event]) -> None:
    """Have events wait: Rehook is off, and redrive is paused."""
    box.rehook.switch(on=False)
    send(box, events)
    box.pollers["RedriveFunction"].pause()


def park(box: Sandbox, events: Sequence[Event]) -> None:
    """Have Rehook refuse each event once."""
    box.rehook.answer(400, REFUSED, times=None)
    send(box, events)
    drain(box)
    box.wait_until(lambda: len(box.queue("ParkingLot").messages()) == len(events))
    box.rehook.clear()


def rewarded(box: Sandbox, events: Sequence[Event]) -> list[int]:
    """Return how many rewards each event gave."""
    rewards = box.rehook.rewards()
    return [rewards.get((each["userId"], each["event"]), 0) for each in events]


def in_order(box: Sandbox, events: Sequence[Event]) -> bool:
    """Whether each user's events were delivered in the order in which they were sent."""
    sent, delivered = defaultdict(list), defaultdict(list)
    for each in events:
        sent[each["userId"]].append(each["event"])
    for call in box.rehook.calls():
        if call.acted and call.source_id in sent:
            delivered[call.source_id].append(call.event_name)
    return delivered == sent
