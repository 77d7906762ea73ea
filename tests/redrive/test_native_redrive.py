"""SQS's own redrive, as docs/redrive.md tells operators to use it, from end to end."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from tests.redrive.conftest import Bridge
from tools.faults.load import DESTINATION

NUMBERS = itertools.count(1)
REFUSED = '{"code": 400, "message": "no such rule"}'


def track(**members: Any) -> dict[str, Any]:
    """An event of a user of its own."""
    number = next(NUMBERS)
    return {
        "type": "track",
        "event": "order",
        "messageId": f"message-{number}",
        "userId": f"user-{number}",
        "properties": {"total": 25},
        **members,
    }


def park(bridge: Bridge, *events: dict[str, Any]) -> None:
    """Have events given up: Rehook refuses them, once each."""
    bridge.box.rehook.answer(400, REFUSED, times=len(events))
    for event in events:
        answer = bridge.box.segment.send(event)
        assert (answer.status, answer.body["parked"]) == (200, 1), answer.text


def rewards(bridge: Bridge, event: dict[str, Any], name: str = "order") -> int:
    """By Rehook's own count."""
    return bridge.box.rehook.rewards().get((event["userId"], name), 0)


def test_what_was_parked_is_delivered_once(bridge: Bridge) -> None:
    """A parked message is seen, sent back with the destination named, and delivered once."""
    events = [track() for _ in range(3)]
    park(bridge, *events)
    messages = bridge.parked()
    assert [message["MessageAttributes"]["reason"]["StringValue"] for message in messages] == [
        "rejected"
    ] * 3
    assert "no such rule" in messages[0]["MessageAttributes"]["detail"]["StringValue"]
    bridge.send_back()
    assert [rewards(bridge, event) for event in events] == [1, 1, 1]
    assert bridge.waiting("ParkingLot") == 0


def test_the_destination_must_be_named(bridge: Bridge) -> None:
    """A redrive without a destination fails for what the bridge sent to the parking lot."""
    event = track()
    park(bridge, event)
    assert bridge.move() == "CouldNotDetermineMessageSource"
    bridge.send_back()
    assert rewards(bridge, event) == 1


def test_sending_everything_back_twice_delivers_nothing_twice(bridge: Bridge) -> None:
    """A copy of a parked message and Segment's replay find the delivery settled."""
    event = track()
    park(bridge, event)
    [message] = bridge.parked()
    bridge.send_back()
    bridge.copy(message, bridge.url("ParkingLot"))
    bridge.send_back()
    assert bridge.box.segment.send(event).body["duplicate"] == 1
    assert rewards(bridge, event) == 1
    assert bridge.waiting("ParkingLot") == 0


def test_what_is_refused_again_is_parked_again(bridge: Bridge) -> None:
    """A message that is rejected again is parked under a new token, and can be sent back again."""
    event = track()
    park(bridge, event)
    bridge.box.rehook.answer(400, REFUSED)
    bridge.send_back()
    assert bridge.waiting("ParkingLot") == 1
    bridge.send_back()
    assert rewards(bridge, event) == 1


def test_a_mended_mapping_mends_what_it_broke(bridge: Bridge) -> None:
    """A message that could not be mapped is delivered by the mapping that is deployed now."""
    broken = copy.deepcopy(DESTINATION)
    [subscription] = [each for each in broken["subscriptions"] if each["id"] == "track"]
    subscription["settings"]["event_name"] = {"@path": "$.properties.misspelt"}
    subscription["settings"]["metadata"] = {"@path": "$.context"}
    bridge.deploy(broken)
    event = track(properties={"misspelt": "oder"}, context={})
    park(bridge, event)
    bridge.deploy(DESTINATION)
    bridge.send_back()
    assert (rewards(bridge, event), rewards(bridge, event, "oder")) == (1, 0)


def test_a_subscription_that_is_gone(bridge: Bridge) -> None:
    """A message of a subscription that is gone is parked again with that reason."""
    event = track()
    park(bridge, event)
    without = copy.deepcopy(DESTINATION)
    without["subscriptions"] = [each for each in without["subscriptions"] if each["id"] != "track"]
    bridge.deploy(without)
    bridge.send_back()
    [message] = bridge.parked()
    assert message["MessageAttributes"]["reason"]["StringValue"] == "subscription_gone"
    bridge.deploy(DESTINATION)
    bridge.send_back()
    assert rewards(bridge, event) == 1
