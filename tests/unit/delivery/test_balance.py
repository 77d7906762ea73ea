"""What the metrics must balance with: events at the webhook, and messages of the queue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook.segment.jsontext import JSON, encode
from tests.unit.delivery.samples import identify, order, signature, track
from tests.unit.delivery.situations import crash
from tests.unit.delivery.world import InTurn, World
from tools.fakes import rehook
from tools.fakes.faults import Crash

EVENTS = [f"Events{outcome.capitalize()}" for outcome in Outcome]

USERS = st.sampled_from(["u1", "u2", "u3"])
IDS = st.sampled_from(["m1", "m2", "m3", "m4", None])
ELEMENTS = st.one_of(
    st.builds(track, IDS, USERS),
    st.builds(lambda user: track("same", user, number=1), USERS),
    st.builds(lambda name: identify(name, "u1"), st.sampled_from(["i1", "i2"])),
    st.builds(order, st.sampled_from(["o1", "o2"]), st.sampled_from(["1", "2"]), USERS),
    st.just({"type": "page", "messageId": "p"}),
    st.just({"type": "track", "event": "x", "messageId": "nobody"}),
    st.sampled_from([5, "text", None]),
)
TURNS = st.sampled_from(
    [
        rehook.DELIVERED,
        rehook.REJECTED,
        rehook.THROTTLED,
        rehook.UNAVAILABLE,
        rehook.UNREACHABLE,
        rehook.UNKNOWN_DONE,
        rehook.UNKNOWN_UNDONE,
    ]
)


def received(world: World) -> int:
    """How many events were received."""
    return world.telemetry.at_once["EventsReceived"]


def ended(world: World) -> int:
    """How many events have an outcome."""
    return sum(world.telemetry.counts[name] for name in EVENTS)


def left(world: World) -> int:
    """How many messages have left the queue, as redrive counts them."""
    return sum(
        world.telemetry.counts[f"DeadLetters{end}"] for end in ("Delivered", "Parked", "Duplicate")
    )


@given(
    elements=st.lists(ELEMENTS, min_size=1, max_size=12),
    turns=st.lists(TURNS, max_size=12),
    mode=st.sampled_from(["deliver", "deliver", "deliver", "pause", "dry-run"]),
    table_down=st.booleans(),
    queues_down=st.booleans(),
    policy=st.sampled_from(["retry", "park"]),
)
def test_the_events_of_an_invocation_balance(
    elements: list[JSON],
    turns: list[rehook.Turn],
    mode: str,
    table_down: bool,
    queues_down: bool,
    policy: str,
) -> None:
    """Each event that is received has one outcome, whatever fails; each delivery has one line.

    Each stored delivery that was not in the queue already is a message there.
    """
    world = World(policy=policy, workers=4, threads=lambda _: InTurn())
    world.store_secrets(mode=mode)
    world.rehook.script.extend(turns)
    world.table.down, world.queues.down = table_down, queues_down
    first = encode({"type": "page", "messageId": "first"})
    body = b"[" + b",".join([first, *map(encode, elements)]) + b"]"
    headers = {"x-signature": signature(first)}
    answer = world.ingest().webhook.handle("POST", headers, body, world.clock.now())
    counts, lines = world.telemetry.counts, world.telemetry.lines

    assert answer.body["received"] == received(world) == ended(world) == len(elements) + 1
    reported: Any = answer.body["events"]
    assert len(lines) == sum(max(len(each["deliveries"]), 1) for each in reported)
    assert counts["DeadLettersSent"] == len(world.dead.stored())
    for metric, outcome in (("DeliveriesStored", "stored"), ("DeliveriesParked", "parked")):
        by_reason = {
            name.partition("=")[2]: value
            for name, value in counts.items()
            if name.startswith(f"{metric} ")
        }
        reasons = [line["reason"] for line in lines if line["outcome"] == outcome]
        assert by_reason == {reason: reasons.count(reason) for reason in reasons}


@given(
    elements=st.lists(st.builds(track, IDS, USERS), min_size=1, max_size=8),
    turns=st.lists(TURNS, max_size=20),
    mode=st.sampled_from(["deliver", "pause"]),
)
def test_the_messages_of_the_queue_balance(
    elements: list[dict[str, object]], turns: list[rehook.Turn], mode: str
) -> None:
    """What ingest has sent leaves the queue as delivered, duplicate or parked, each once."""
    world = World(threshold=1_000)
    world.store_secrets(mode=mode)
    world.rehook.script.extend(turns)
    world.post(*elements, batch=True)
    world.store_secrets(mode="deliver")
    world.drain()

    assert world.telemetry.counts["DeadLettersSent"] == left(world)


def test_an_event_that_is_in_the_queue_already_is_no_further_message() -> None:
    """Segment's retry of a stored event counts as stored, and not as sent."""
    world = World(ordered=False)
    world.rehook.script.append(rehook.UNREACHABLE)
    environment = world.ingest()
    for _ in range(2):
        world.post(track(), on=environment)

    counts = world.telemetry.counts
    assert (received(world), counts["EventsStored"], counts["DeadLettersSent"]) == (2, 2, 1)
    assert counts["DeliveriesStored reason=already_queued"] == 1


@pytest.mark.parametrize("operation", ["ledger.swap", "rehook.call"])
def test_what_a_crash_leaves_is_the_difference(operation: str) -> None:
    """A killed invocation has received its events and ended none.

    Segment sends them again. Then each has an outcome, and the difference stays: it is the number
    of events of the killed invocation.
    """
    world = World()
    world.post(track("m0"))
    hooked = world.rehook if operation == "rehook.call" else world.table
    before = hooked.before
    hooked.before = lambda name, subject: crash(name, subject) if name == operation else None
    with pytest.raises(Crash):
        world.post(track("m1"), track("m2"), track("m3"))
    hooked.before = before
    assert received(world) - ended(world) == 3

    world.post(track("m1"), track("m2"), track("m3"))
    world.drain()
    assert received(world) - ended(world) == 3
    assert world.rehook.rewards.total() == 4
