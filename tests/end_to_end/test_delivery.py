"""What is delivered: single events and batches, once each, in each user's order."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tools.events.wrap import payloads
from tools.sandbox import Fault, Kind
from tools.sandbox.segment import Reply, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]

# Of the largest batch each eighth event is delivered; BATCH_EVERY=1 for all (make test-long).
BATCH_EVERY = int(os.environ.get("BATCH_EVERY", "8"))


def test_health(box: Sandbox) -> None:
    """The health route answers with the version, and makes no call to AWS."""
    before = box.aws.call("GET", "/calls")
    box.segment.url, url = f"{box.url}/health", box.segment.url
    try:
        reply = box.segment.send_raw(b"", {}, method="GET")
    finally:
        box.segment.url = url
    assert (reply.status, reply.body["status"]) == (200, "ok")
    assert reply.body["version"]
    polled = [each for each in before if each["caller"] == "IngestFunction"]
    after = [each for each in box.aws.call("GET", "/calls") if each["caller"] == "IngestFunction"]
    assert after == polled


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_one_event(box: Sandbox, track: Track, user: str, method: str) -> None:
    """An event is delivered by each of the methods that Segment offers."""
    event = track()
    reply = box.segment.send_signed(encode(event), method=method)
    assert reply.status == 200
    [told] = reply.body["events"]
    [delivery] = told["deliveries"]
    assert (told["messageId"], told["outcome"]) == (event["messageId"], "delivered")
    assert delivery["requestId"]
    assert rewards(box, user) == 1


def test_an_identify_makes_a_customer(box: Sandbox, user: str) -> None:
    """An identify makes a customer with its traits as they were sent, and its referral code."""
    traits = {"Name": "N", "orders": 7, "share": 0.5, "referral_code": f"code-{user}"}
    event = {"type": "identify", "messageId": user, "userId": user, "traits": traits}
    assert box.segment.send(event).body["delivered"] == 1
    customer = box.rehook.customers()[user]
    assert customer["metadata"] == traits
    assert customer["referral_code"] == f"code-{user}"


def test_the_samples(box: Sandbox) -> None:
    """Each sample event of the repository gets an answer of status 200."""
    for payload in payloads().values():
        events = payload if isinstance(payload, list) else [payload]
        reply = box.segment.send_batch(events)
        assert reply.status == 200
        assert reply.body["received"] == len(events)


def test_a_duplicate_gives_no_second_reward(box: Sandbox, track: Track, user: str) -> None:
    """A duplicate gives no second reward: alone, in its own batch or in another one."""
    event = track()
    assert box.segment.send_batch([event, event]).body["delivered"] == 1
    assert box.segment.send(event).body["duplicate"] == 1
    assert box.segment.send_batch([track(), event]).body["duplicate"] == 1
    assert rewards(box, user) == 2


def test_one_id_with_other_content_is_not_delivered(box: Sandbox, track: Track, user: str) -> None:
    """An event under a known messageId with other content is not delivered."""
    event = track()
    box.segment.send(event)
    reply = box.segment.send({**event, "properties": {"total": "another"}})
    [told] = reply.body["events"]
    assert told["deliveries"][0]["reason"] == "id_conflict"
    assert rewards(box, user) == 1


def test_one_users_events_stay_in_order(box: Sandbox, track: Track, user: str) -> None:
    """One user's events are delivered in order, while those of others are delivered meanwhile."""
    events = [track(userId=f"{user}-{number % 5}", event=f"e{number}") for number in range(40)]
    since = len(box.rehook.calls())
    assert box.segment.send_batch(events).body["delivered"] == 40
    calls = box.rehook.calls(since)
    for number in range(5):
        names = [call.event_name for call in calls if call.source_id == f"{user}-{number}"]
        assert names == [f"e{n}" for n in range(40) if n % 5 == number]


def sent(box: Sandbox, body: bytes, first: bytes) -> Reply:
    """Send a batch as Segment does: again, when the bridge answers that it could not store it all.

    No other answer is one of the bridge's: a function that died or ran out of time gives a 5xx
    without a list of events.
    """
    reply = box.segment.send_signed(body, first)
    for _ in range(4):
        if reply.status != 503 or "events" not in reply.body:
            break
        drain(box, 100)
        reply = box.segment.send_signed(body, first)
    return reply


def test_a_batch_of_four_thousand(box: Sandbox, user: str) -> None:
    """In a batch as large as may be each event that a subscription takes is delivered once.

    It is delivered at once or from the queue. The other events are ignored, and an element that
    can't be read is dropped. That an answer keeps to its budget is held where time is made up
    (tests/unit/delivery/test_ingest_budget.py).
    """
    processes = [each for name in box.functions for each in box.processes(name)]
    events: list[dict[str, Any]] = [
        {
            "type": "page" if number % BATCH_EVERY else "track",
            "event": "order",
            "messageId": f"{user}-{number}",
            "userId": f"{user}-{number % 1_500}",
            "properties": {"total": number, "text": "x" * 700},
        }
        for number in range(3_999)
    ]
    taken = Counter((event["userId"], "order") for event in events if event["type"] == "track")
    elements = [encode(event) for event in events]
    elements.insert(2_000, b'{"type":"track","userId":"u","properties":{"a":]}}')
    reply = sent(box, b"[" + b",".join(elements) + b"]", elements[0])
    assert reply.status == 200
    assert (reply.body["received"], reply.body["dropped"]) == (4_000, 1)
    assert reply.body["ignored"] == 3_999 - taken.total()
    [told] = [event for event in reply.body["events"] if event["outcome"] == "dropped"]
    assert told["deliveries"][0]["reason"] == "not_json"
    drain(box, 100)
    given = box.rehook.rewards()
    assert {each: given[each] for each in taken} == taken
    again = box.segment.send_batch(events[:500]).body
    assert again["duplicate"] + again["stored"] + again["ignored"] == 500
    drain(box)
    assert box.rehook.rewards() == given
    assert all(each.alive for each in processes)


def test_a_slow_rehook_does_not_make_the_answer_late(box: Sandbox, track: Track, user: str) -> None:
    """While Rehook is slow, what does not fit the budget is stored and delivered later."""
    box.rehook.fault(Fault(kind=Kind.DELAY, seconds=1.0, times=None, match={"event": "order"}))
    events = [track(userId=f"{user}-{number}") for number in range(100)]
    reply = box.segment.send_batch(events)
    assert reply.body["stored"] > 0
    assert reply.body["stored"] + reply.body["delivered"] == 100
    box.rehook.clear()
    drain(box)
    assert sum(rewards(box, f"{user}-{number}") for number in range(100)) == 100
