"""What is delivered: single events and batches, once each, in each user's order."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.end_to_end.conftest import drain, rewards
from tools.events.wrap import payloads
from tools.sandbox import Fault, Kind
from tools.sandbox.segment import Reply, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]


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


def sent(box: Sandbox, events: list[dict[str, Any]]) -> Reply:
    """Send a batch as Segment does: again, a while after a 5xx, or when no answer comes in time."""
    for _ in range(4):
        with contextlib.suppress(urllib3.exceptions.TimeoutError):
            reply = box.segment.send_batch(events)
            if reply.status < 500:
                return reply
        drain(box, 100)
    return box.segment.send_batch(events)


def test_a_batch_of_four_thousand(box: Sandbox, user: str) -> None:
    """Each event of a batch as large as may be is delivered once, at once or from the queue.

    On a busy machine Segment may have to send it several times. That an answer keeps to its budget
    is held where time is made up (tests/unit/delivery/test_ingest_budget.py).
    """
    events = [
        {
            "type": "track",
            "event": "order",
            "messageId": f"{user}-{number}",
            "userId": f"{user}-{number % 1500}",
            "properties": {"total": number, "text": "x" * 700},
        }
        for number in range(4_000)
    ]
    reply = sent(box, events)
    assert reply.status == 200
    assert reply.body["received"] == 4_000
    drain(box, 100)
    given = box.rehook.rewards()
    counts = [given[f"{user}-{number}", "order"] for number in range(1_500)]
    assert counts == [3] * 1_000 + [2] * 500
    again = box.segment.send_batch(events[:500]).body
    assert again["duplicate"] + again["stored"] == 500
    drain(box)
    assert box.rehook.rewards() == given


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
