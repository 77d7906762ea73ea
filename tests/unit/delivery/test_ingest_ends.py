"""Each end of a delivery in ingest, whole: the answer's entry, the message and the record agree."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.delivery.ids import user_hash
from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.delivery.ingest.lane import Progress
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.samples import BROKEN, delivery_of, outcomes, reasons, track
from tests.unit.delivery.world import World, header_of
from tools.fakes import rehook

STORED = [ReplyClass.THROTTLED, ReplyClass.UNAVAILABLE, ReplyClass.UNREACHABLE, ReplyClass.UNKNOWN]
TOO_LARGE = "x" * MAX_MESSAGE_BYTES


def turn(kind: ReplyClass) -> rehook.Turn:
    """An answer of Rehook's with everything that one can say."""
    reply = Reply(kind=kind, code="c-1", message="it said so", request_id="req-1")
    return rehook.Turn(reply, acts=False)


def wordless(kind: ReplyClass) -> rehook.Turn:
    """An answer that is a code alone."""
    return rehook.Turn(Reply(kind=kind, code="c-1"), acts=False)


def entry(answer: HttpAnswer) -> dict[str, Any]:
    """What the answer says of its one delivery."""
    events = answer.body["events"]
    assert isinstance(events, list)
    assert isinstance(events[0], dict)
    deliveries = events[0]["deliveries"]
    assert isinstance(deliveries, list)
    assert isinstance(deliveries[0], dict)
    return {name: said for name, said in deliveries[0].items() if name != "subscription"}


def under_its_claim(world: World, **fields: Any) -> Header:
    """The header of a message about `track()` that was sent under its first claim."""
    claim = world.ledger.writes[0]
    return Header(
        delivery=delivery_of(track()),
        user=user_hash("u1"),
        content=claim.content,
        token=1,
        nonce=claim.nonce,
        **fields,
    )


def test_delivered() -> None:
    """A delivered event has Rehook's request id in answer and record, and leaves no message."""
    world = World()
    world.rehook.script.append(turn(ReplyClass.DELIVERED))

    assert entry(world.post(track())) == {"outcome": "delivered", "requestId": "req-1"}
    record = world.record(delivery_of(track()))
    assert record is not None
    assert (record.state, record.request_id) == ("delivered", "req-1")
    assert not world.dead.stored()
    assert not world.lot.stored()


@pytest.mark.parametrize("kind", STORED, ids=str)
def test_stored(kind: ReplyClass) -> None:
    """The message of a stored event names its claim and the mark that it will clear."""
    world = World()
    world.rehook.script.append(turn(kind))

    said = {"outcome": "stored", "reason": kind.value, "code": "c-1"}
    assert entry(world.post(track())) == said
    [mark] = world.marks.marks.values()
    [message] = world.dead.stored()
    assert header_of(message) == under_its_claim(world, reason=kind.value, mark=mark)


@pytest.mark.parametrize("kind", STORED, ids=str)
def test_not_stored(kind: ReplyClass) -> None:
    """When nothing can be stored, the 503 gives the reason why the event was to be stored."""
    world = World()
    world.queues.down = True
    world.rehook.script.append(turn(kind))

    said = {"outcome": "failed", "reason": kind.value, "code": "c-1"}
    assert entry(world.post(track())) == said


PARKED = pytest.mark.parametrize(
    ("kind", "reason"),
    [(ReplyClass.REJECTED, "rejected"), (ReplyClass.UNKNOWN, "outcome_unknown")],
)


@PARKED
def test_parked(kind: ReplyClass, reason: str) -> None:
    """A parked event's message names its claim, can reopen that one alone, and quotes Rehook."""
    world = World(policy="park")
    world.rehook.script.append(turn(kind))

    assert entry(world.post(track())) == {
        "outcome": "parked",
        "reason": reason,
        "detail": "it said so",
        "code": "c-1",
        "requestId": "req-1",
    }
    [message] = world.lot.stored()
    detail = "c-1 it said so"
    assert header_of(message) == under_its_claim(
        world, reason=reason, parked_token=1, detail=detail
    )
    record = world.record(delivery_of(track()))
    assert record is not None
    assert (record.reason, record.parked_token) == (reason, 1)


@PARKED
def test_not_parked(kind: ReplyClass, reason: str) -> None:
    """When nothing can be parked, the 503 gives the reason why the event was to be parked."""
    world = World(policy="park")
    world.queues.down = True
    world.rehook.script.append(turn(kind))

    assert entry(world.post(track())) == {"outcome": "failed", "reason": reason}


@PARKED
def test_parked_without_a_word(kind: ReplyClass, reason: str) -> None:
    """When Rehook answers with a code alone, the parked message quotes the code."""
    world = World(policy="park")
    world.rehook.script.append(wordless(kind))

    said = {"outcome": "parked", "reason": reason, "code": "c-1"}
    assert entry(world.post(track())) == said
    assert [header_of(each).detail for each in world.lot.stored()] == ["c-1"]


@pytest.mark.parametrize("kind", [ReplyClass.REJECTED, ReplyClass.UNKNOWN], ids=str)
def test_too_large_to_be_parked(kind: ReplyClass) -> None:
    """An event that is too large to be parked is dropped, and the answer quotes Rehook."""
    world = World(policy="park")
    world.rehook.script.append(turn(kind))

    assert entry(world.post(track(text=TOO_LARGE))) == {
        "outcome": "dropped",
        "reason": "too_large",
        "detail": "it said so",
        "code": "c-1",
        "requestId": "req-1",
    }


def test_too_large_without_a_word() -> None:
    """An event that is too large is dropped without a detail where Rehook gave none."""
    world = World()
    world.rehook.script.append(wordless(ReplyClass.REJECTED))

    said = {"outcome": "dropped", "reason": "too_large", "code": "c-1"}
    assert entry(world.post(track(text=TOO_LARGE))) == said


def test_parked_for_its_mapping() -> None:
    """An event that can't be mapped is parked with what its mapping lacks, and without a code."""
    world = World(destination=BROKEN)
    said = entry(world.post(track()))

    [message] = world.lot.stored()
    assert said == {
        "outcome": "parked",
        "reason": "mapping_error",
        "detail": header_of(message).detail,
    }
    assert said["detail"]


@pytest.mark.parametrize(
    ("ordered", "rest", "reason"), [(True, "stored", "user_waiting"), (False, "delivered", None)]
)
def test_behind_a_duplicate_of_what_waits(ordered: bool, rest: str, reason: str | None) -> None:
    """Behind a duplicate of a stored event the user's next event waits, with or without a mark.

    Where order is switched off it is delivered.
    """
    world = World(ordered=ordered)
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1"))
    world.marks.marks.clear()
    answer = world.post(track("m1"), track("m2"))

    assert outcomes(answer) == ["stored", rest]
    assert reasons(answer) == ["already_queued", reason]


def test_a_delivery_without_a_result_says_why_the_rest_is_stored() -> None:
    """A step without a result must say why the rest of its lane is stored.

    Otherwise the lane would try the same delivery for ever.
    """
    with pytest.raises(ValueError, match="say why"):
        Progress(None)
    assert Progress(None, store_rest=Stored.CLAIMED_ELSEWHERE).result is None
