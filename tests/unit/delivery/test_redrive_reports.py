"""What an operator reads of a dead letter: its line in the log, and the metric it counts in."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.situations import waiting
from tests.unit.delivery.world import HOUR, World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Fate

MINUTE = 60.0
REPORTED = ("delivery", "outcome", "reason", "code", "rehook_request_id")


def reported(world: World) -> dict[str, object]:
    """The line of the one message that waits, after its second receive."""
    (stored,) = world.dead.receive()
    world.clock.advance(world.dead.visibility)
    (worked,) = world.poll()
    line: dict[str, object] = dict(world.telemetry.lines[-1])

    assert world.telemetry.counts[f"DeadLetters{worked.result.outcome.capitalize()}"] == 1
    assert line.pop("sqs_message_id") == stored.message_id
    assert line.pop("receive_count") == line.pop("tries") == 2
    assert line.pop("age_seconds") == world.clock.now() - stored.sent_at
    assert line.pop("next_try_seconds", None) == (worked.next_try if worked.kept else None)
    return {name: line[name] for name in REPORTED if name in line}


@pytest.mark.parametrize(
    ("reply", "code", "age", "expected"),
    [
        pytest.param(
            ReplyClass.DELIVERED, "200", MINUTE, ("delivered", None, None, "req-9"), id="delivered"
        ),
        pytest.param(
            ReplyClass.REJECTED,
            "400",
            MINUTE,
            ("parked", "rejected", "400", "req-9"),
            id="rejected",
        ),
        pytest.param(
            ReplyClass.UNKNOWN,
            "502",
            MINUTE,
            ("parked", "outcome_unknown", "502", "req-9"),
            id="unknown",
        ),
        pytest.param(
            ReplyClass.UNAVAILABLE,
            "503",
            73 * HOUR,
            ("parked", "gave_up", "503", "req-9"),
            id="given up",
        ),
        pytest.param(
            ReplyClass.UNAVAILABLE,
            "503",
            MINUTE,
            ("stored", "unavailable", "503", None),
            id="unavailable",
        ),
    ],
)
def test_a_line_says_what_rehook_said(
    reply: ReplyClass, code: str, age: float, expected: tuple[str | None, ...]
) -> None:
    """A message's log line has Rehook's code, and the request id if Rehook was called last."""
    world = waiting(policy="park")
    said = Reply(kind=reply, code=code, message="u1 is no customer", request_id="req-9")
    world.rehook.script.append(rehook.Turn(said, acts=False))
    world.clock.advance(age)

    assert reported(world) == line("m1:track", *expected)


def test_a_line_says_why_what_cannot_be_parked_was_to_be() -> None:
    """The log line of a message that can't be parked has the code for which it was to be."""
    world = waiting()
    world.rehook.script.append(rehook.REJECTED)
    world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)

    assert reported(world) == line("m1:track", "stored", "parking_failed", "400", None)


def test_a_line_says_when_the_next_try_is() -> None:
    """The log line says when the next try is, unless SQS refused to hide the message."""
    world = waiting("m1", "m2")
    world.store_secrets(mode="pause")
    refuses = iter([False, True])
    world.dead.refuse_visibility = lambda _entry: next(refuses)
    told, refused = world.poll()

    hidden_until = world.dead.stored()[0].hidden_until
    assert told.next_try == hidden_until - world.clock.now()
    assert (refused.kept, refused.next_try) == (True, None)


@pytest.mark.parametrize("lot_works", [True, False])
@pytest.mark.parametrize(
    ("found", "content", "outcome", "reason"),
    [
        (State.DELIVERED, None, "duplicate", "delivered"),
        (State.PARKED, None, "duplicate", "parked"),
        (State.DELIVERED, "another event", "parked", "id_conflict"),
    ],
)
def test_a_line_says_what_was_found(
    found: State, content: str | None, outcome: str, reason: str, *, lot_works: bool
) -> None:
    """The log line of a delivery that was done already says what the ledger holds."""
    world = waiting()
    content = content or header_of(world.dead.stored()[0]).content
    world.ledger.records["m1:track"] = Record(
        id="m1:track", state=found, token=1, nonce="n", content=content, expires_at=0
    )
    if not lot_works:
        world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)
        if outcome == "parked":
            outcome, reason = "stored", "parking_failed"

    assert reported(world) == line("m1:track", outcome, reason, None, None)
    assert not world.rehook.calls


@pytest.mark.parametrize(
    ("lot_works", "outcome", "reason"),
    [(True, "parked", "unreadable"), (False, "stored", "parking_failed")],
)
@pytest.mark.parametrize("delivery", [None, "x"])
def test_a_line_says_what_is_no_message_of_ours(
    delivery: str | None, outcome: str, reason: str, *, lot_works: bool
) -> None:
    """The log line of a foreign message names it by SQS's id, and by a delivery if it has one."""
    world = World()
    attributes = {"delivery": delivery} if delivery else {}
    world.dead.send([Outgoing(group="g", dedupe="d", body="?", attributes=attributes)])
    if not lot_works:
        world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)

    assert reported(world) == line(delivery, outcome, reason, None, None)


def line(delivery: str | None, outcome: str | None, *rest: str | None) -> dict[str, object]:
    """What REPORTED names, as the log has it."""
    values = zip(REPORTED, (delivery, outcome, *rest), strict=True)
    return {name: value for name, value in values if value is not None}
