"""What Rehook does not take: stored or parked, told with its reason, delivered once in the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]


pytestmark = pytest.mark.usefixtures("fresh")


def outcome(box: Sandbox, event: dict[str, Any]) -> tuple[str, str | None]:
    """Send an event; what became of it, and why."""
    reply = box.segment.send(event)
    assert reply.status == 200
    [told] = reply.body["events"]
    return told["outcome"], told["deliveries"][0].get("reason")


def parked(box: Sandbox, event: dict[str, Any]) -> dict[str, str]:
    """The attributes of an event's message in the parking lot."""
    [found] = [
        message.attributes
        for message in box.queue("ParkingLot").messages()
        if message.attributes["delivery"].startswith(event["messageId"] + ":")
    ]
    return found


def test_an_outage_loses_nothing(box: Sandbox, track: Track, user: str) -> None:
    """What comes during an outage is stored, and delivered once and in order afterwards."""
    box.rehook.switch(on=False)
    events = [track(event=f"e{number}") for number in range(3)]
    others = [track(userId=f"{user}-{number}") for number in range(5)]
    reply = box.segment.send_batch([*events, *others])
    assert (reply.status, reply.body["stored"]) == (200, 8)
    assert outcome(box, events[0])[0] in {"stored", "duplicate"}
    assert len(box.queue("DeadLetterQueue").messages()) >= 8
    since = len(box.rehook.calls())
    box.rehook.switch(on=True)
    drain(box)
    calls = [call for call in box.rehook.calls(since) if call.acted]
    assert [call.event_name for call in calls if call.source_id == user] == ["e0", "e1", "e2"]
    assert [rewards(box, f"{user}-{number}") for number in range(5)] == [1] * 5
    assert box.queue("ParkingLot").messages() == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(kind=Kind.ANSWER, status=429), "throttled"),
        (Fault(kind=Kind.ANSWER, status=503, times=2), "unavailable"),
    ],
)
def test_known_to_be_undelivered(
    box: Sandbox, track: Track, user: str, fault: Fault, reason: str
) -> None:
    """A throttled or unavailable delivery is stored under that reason, and delivered once later."""
    box.rehook.fault(fault)
    assert outcome(box, track()) == ("stored", reason)
    box.rehook.clear()
    drain(box)
    assert rewards(box, user) == 1


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.SILENCE, Kind.GARBAGE, Kind.TRUNCATE])
@pytest.mark.parametrize("acted", [True, False])
def test_an_outcome_that_can_not_be_known(
    box: Sandbox, track: Track, user: str, kind: Kind, acted: bool
) -> None:
    """Under the policy `retry` an unknown outcome is repeated.

    Rehook gives two rewards if it had given the first one unseen.
    """
    box.rehook.fault(Fault(kind=kind, acted=acted, match={"customer": user}))
    assert outcome(box, track()) == ("stored", "unknown")
    drain(box)
    assert rewards(box, user) == (2 if acted or kind is Kind.TRUNCATE else 1)


def test_an_upsert_is_repeated_without_harm(box: Sandbox, user: str) -> None:
    """An upsert with an unknown outcome is repeated, and is one customer."""
    event = {"type": "identify", "messageId": user, "userId": user, "traits": {"a": 1}}
    box.rehook.fault(Fault(kind=Kind.RESET, acted=True, match={"customer": user}))
    assert outcome(box, event)[0] == "stored"
    drain(box)
    assert box.rehook.customers()[user]["metadata"] == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"code": 400, "message": "no such campaign", "request_id": "r-1"}'),
        (401, '{"code": 401, "key": "event_name", "message": "event_name field is required"}'),
        (200, '{"code": 422, "message": "not accepted"}'),
        (302, ""),
    ],
)
def test_a_rejected_event_is_parked(box: Sandbox, track: Track, status: int, body: str) -> None:
    """A rejected event is parked, never tried again, and does not hold up the user's next event."""
    event = track()
    box.rehook.answer(status, body, event="order")
    assert outcome(box, event) == ("parked", "rejected")
    assert parked(box, event)["reason"] == "rejected"
    assert outcome(box, event)[0] == "duplicate"
    assert outcome(box, track()) == ("delivered", None)


def test_a_taken_referral_code_is_parked_with_its_reason(box: Sandbox, user: str) -> None:
    """The parked message of a taken referral code quotes Rehook."""
    first, second = (
        {
            "type": "identify",
            "messageId": f"{user}-{number}",
            "userId": f"{user}-{number}",
            "traits": {"referral_code": f"code-{user}"},
        }
        for number in range(2)
    )
    assert outcome(box, first) == ("delivered", None)
    assert outcome(box, second) == ("parked", "rejected")
    assert "belongs to another customer" in parked(box, second)["detail"]


def test_a_parked_event_sent_back_is_delivered(box: Sandbox, track: Track, user: str) -> None:
    """A parked event that is sent back with a new SQS message id is delivered."""
    event = track()
    box.rehook.answer(400, "{}", customer=user)
    assert outcome(box, event) == ("parked", "rejected")
    lot = box.queue("ParkingLot")
    [message] = [m for m in lot.messages() if event["messageId"] in m.attributes["delivery"]]
    box.sqs.send_message(
        QueueUrl=box.queue("DeadLetterQueue").url,
        MessageBody=message.body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in message.attributes.items()
        },
        MessageGroupId=message.group or "",
        MessageDeduplicationId=message.dedupe or "",
    )
    drain(box)
    assert rewards(box, user) == 1


def test_wrong_credentials_keep_everything(box: Sandbox, track: Track, user: str) -> None:
    """Events that meet refused credentials are stored, and delivered with the right key pair."""
    box.rehook.behave(api_secret="changed at Rehook")
    assert outcome(box, track()) == ("stored", "credentials")
    box.rehook.behave()
    drain(box)
    assert rewards(box, user) == 1


def test_when_sqs_takes_nothing_segment_keeps_it(box: Sandbox, track: Track, user: str) -> None:
    """While SQS refuses everything the answer is 503, and Segment's retry is delivered."""
    event = track()
    box.rehook.answer(429, customer=user)
    box.aws.fault(
        Fault(kind=Kind.ANSWER, status=500, times=None, match={"operation": "SendMessageBatch"})
    )
    reply = box.segment.send(event)
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    box.aws.clear()
    assert box.segment.send(event).status == 200
    drain(box)
    assert rewards(box, user) == 1


def test_when_the_ledger_is_down_events_are_stored(box: Sandbox, track: Track, user: str) -> None:
    """While the ledger is down events are stored, and delivered once afterwards."""
    event = track()
    box.aws.fault(
        Fault(
            kind=Kind.ANSWER,
            status=500,
            times=None,
            match={"service": "dynamodb", "caller": "IngestFunction"},
        )
    )
    assert outcome(box, event)[0] == "stored"
    box.aws.clear()
    drain(box)
    assert rewards(box, user) == 1
    assert outcome(box, event)[0] == "duplicate"


@pytest.mark.parametrize("acted", [True, False])
def test_a_process_that_dies_at_the_call(
    box: Sandbox, track: Track, user: str, acted: bool
) -> None:
    """When the function dies during a call Segment gets a 500, and its retry is stored."""
    event = track()
    box.rehook.fault(Fault(kind=Kind.HOLD, acted=acted, match={"customer": user}))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(box.segment.send, event)
        box.wait_until(box.rehook.held)
        box.kill("IngestFunction", busy_only=True)
        assert answer.result(10).status == 500
    box.rehook.clear()
    # Behind the dead one's lease; or for want of time, where a new process is slow to start.
    assert outcome(box, event) in {("stored", "claimed_elsewhere"), ("stored", "over_budget")}
