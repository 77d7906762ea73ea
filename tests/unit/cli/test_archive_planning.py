"""The plan of an archive: what ledger and mapping say of each event, and what is sent."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.items import DELIVERY, record_item
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.planner import Planner
from segment_rehook.delivery.ledger.record import RecordWriter
from segment_rehook.rehook.destination import Destination, load
from segment_rehook.segment.event import Event
from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.archive.planning import ArchivePlan, Planning
from segment_rehook_cli.archive.spool import Spool
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why.ledger_records import LedgerRecords
from tools.fakes.surroundings import FakeClock

NOW = 1_767_225_600.0
DAYS = 45
PLAIN = load(None)


def by_business_key() -> Destination:
    """Give a destination whose track events have a business key, the property `order`."""
    track = {
        "id": "track-event",
        "name": "Track",
        "actionSlug": "trackEvent",
        "enabled": True,
        "trigger": 'type = "track"',
        "idempotencyKey": {"@path": "$.properties.order"},
        "settings": {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}},
    }
    return load(json.dumps({"subscriptions": [track]}).encode())


class Table:
    """DynamoDB's table, as far as it is read. Records are written as the functions write them."""

    def __init__(self) -> None:
        self.items: dict[str, Mapping[str, Any]] = {}

    def batch_get_item(self, **asked: Any) -> Mapping[str, Any]:
        """Give the items that are there."""
        [(table, wanted)] = asked["RequestItems"].items()
        keys = [key["id"]["S"] for key in wanted["Keys"]]
        assert 0 < len(keys) <= 100
        assert len(set(keys)) == len(keys)
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def put(self, destination: Destination, event: Event, state: str, at: float = NOW) -> None:
        """Record the deliveries of an event."""
        for part in Planner(destination, NOW).decisions(event):
            assert isinstance(part.decided, Delivery)
            writer = RecordWriter(now=at, nonce="n", keep=DAYS * DAY)
            claim = writer.claim(part.decided.id, part.decided.content, None, lease=30)
            match state:
                case "delivered":
                    record = writer.deliver(claim, "r")
                case "parked":
                    record = writer.park(claim, "rejected")
                case "queued":
                    record = writer.queue(claim)
                case "released":
                    record = writer.release(claim)
                case _:
                    record = claim
            self.items[DELIVERY + part.decided.id] = record_item(record)


@pytest.fixture
def spool() -> Iterator[Spool]:
    """Give an empty spool."""
    made = Spool()
    yield made
    made.close()


def event(number: int, **members: Any) -> Event:
    """Give a track event."""
    given = {
        "type": "track",
        "event": "order",
        "messageId": f"m{number}",
        "userId": "u1",
        "timestamp": "2025-12-31T00:00:00Z",
        **members,
    }
    return Event.parse(json.dumps(given).encode())


def plan(
    table: Table,
    events: Iterable[Event],
    spool: Spool,
    destination: Destination = PLAIN,
    **options: Any,
) -> ArchivePlan:
    """Plan an archive."""
    planning = Planning(
        destination=destination,
        ledger=LedgerRecords(table, "ledger", FakeClock(NOW)),
        choice=options.pop("choice", Choice()),
        now=NOW,
        ledger_days=DAYS,
        **{"sends": frozenset({EventStanding.NEW}), **options},
    )
    return planning.run(events, spool, lambda _read: None)


def sent(spool: Spool) -> list[str | None]:
    """Give the message ids in the texts that wait to be sent."""
    return [Event.parse(each.text or b"").message_id for each in spool.waiting(1000)]


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("delivered", EventStanding.DELIVERED),
        ("parked", EventStanding.PARKED),
        ("queued", EventStanding.WAITING),
        ("claimed", EventStanding.CLAIMED),
        ("released", EventStanding.NEW),
    ],
)
def test_the_record_says_where_an_event_stands(
    spool: Spool, state: str, standing: EventStanding
) -> None:
    """Only an event that may be claimed is sent: one without a record, or a released one."""
    table = Table()
    table.put(PLAIN, event(1), state)
    found = plan(table, [event(1), event(2)], spool)
    expected = ["m1", "m2"] if standing is EventStanding.NEW else ["m2"]
    assert sent(spool) == expected
    assert found.standings[standing] == (2 if standing is EventStanding.NEW else 1)


def test_a_claim_that_ran_out_is_sent(spool: Spool) -> None:
    """The claimant died: the webhook takes the delivery over, by its own policy for doubt."""
    table = Table()
    table.put(PLAIN, event(1), "claimed", at=NOW - 100)
    plan(table, [event(1)], spool)
    assert sent(spool) == ["m1"]


def test_another_event_under_a_known_id_is_a_conflict(spool: Spool) -> None:
    """It would be dropped by the webhook, so it is not sent; so within one archive."""
    table = Table()
    table.put(PLAIN, event(1), "delivered")
    other = event(1, properties={"total": 7})
    found = plan(table, [other, event(2), event(2, properties={"total": 8})], spool)
    assert sent(spool) == ["m2"]
    assert found.standings == {EventStanding.CONFLICT: 2, EventStanding.NEW: 1}


def test_a_mended_event_is_new(spool: Spool) -> None:
    """The same id with other content replaces an event that was parked."""
    table = Table()
    table.put(PLAIN, event(1), "parked")
    plan(table, [event(1, properties={"total": 7})], spool)
    assert sent(spool) == ["m1"]


def test_what_the_ledger_may_have_forgotten(spool: Spool) -> None:
    """An event older than LedgerDays without a record can't be known; with one it can."""
    table = Table()
    old = [event(number, timestamp="2025-01-01T00:00:00Z") for number in (1, 2)]
    table.put(PLAIN, old[0], "delivered")
    found = plan(table, old, spool)
    assert found.standings == {EventStanding.DELIVERED: 1, EventStanding.BEYOND_LEDGER: 1}
    assert sent(spool) == []


def test_repetitions_are_of_delivered_events_only(spool: Spool) -> None:
    """--again takes what was delivered before the job began, and not what the job itself sent."""
    table = Table()
    table.put(PLAIN, event(1), "delivered", at=NOW - 100)
    table.put(PLAIN, event(2), "delivered", at=NOW + 100)
    table.put(PLAIN, event(3), "parked")
    options: dict[str, Any] = {"marker": "0a0b", "job_started_at": NOW}
    found = plan(table, [event(number) for number in range(1, 5)], spool, **options)
    assert sent(spool) == ["m1~again-0a0b"]
    assert found.again == 1
    [text] = [each.text for each in spool.waiting(10)]
    table.put(PLAIN, Event.parse(text or b""), "queued")
    with closing(Spool()) as resumed:
        found = plan(table, [event(1)], resumed, **options)
        assert (sent(resumed), found.repeated_before) == ([], 1)


def test_a_business_key_stays_known(spool: Spool) -> None:
    """Under an idempotencyKey a repetition would be a duplicate, so it is counted and not sent."""
    table, destination = Table(), by_business_key()
    keyed, plain = event(1, properties={"order": "o1"}), event(2)
    for each in (keyed, plain):
        table.put(destination, each, "delivered", at=NOW - 100)
    found = plan(
        table, [keyed, plain], spool, destination, marker="0a0b", job_started_at=NOW
    )  # fmt: skip
    assert sent(spool) == ["m2~again-0a0b"]
    assert found.kept_by_business_key == 1


def test_two_events_under_one_business_key_are_sent_once(spool: Spool) -> None:
    """The second one is a repetition, whatever its messageId is."""
    keyed = [event(number, properties={"order": "o1", "n": number}) for number in (1, 2)]
    found = plan(Table(), keyed, spool, by_business_key())
    assert sent(spool) == ["m1"]
    assert found.standings == {EventStanding.NEW: 1, EventStanding.REPEATED: 1}


def test_an_event_that_no_request_can_hold_is_left_out(spool: Spool) -> None:
    """It is counted apart, and nothing else is held back."""
    large = event(1, properties={"x": "x" * 2_000})
    found = plan(Table(), [large, event(2)], spool, max_bytes=1_000)
    assert (sent(spool), found.too_large) == (["m2"], 1)


@given(st.lists(st.sampled_from([None, 1, 2, 3]), max_size=8))
def test_an_event_without_a_time_keeps_its_place(days: list[int | None]) -> None:
    """It comes directly behind the event before it in its file, and counts as old as that one.

    Without one before it, it counts as older than the ledger remembers.
    """
    events = [
        event(number, timestamp=None if day is None else f"2025-12-0{day}T00:00:00Z")
        for number, day in enumerate(days)
    ]
    last, expected = 0, []
    for number, day in enumerate(days):
        last = last if day is None else day
        expected.append((last, number))
    with closing(Spool()) as spool:
        sends = frozenset({EventStanding.NEW, EventStanding.BEYOND_LEDGER})
        found = plan(Table(), events, spool, sends=sends)
        untimed = next((number for number, day in enumerate(days) if day), len(days))
        assert found.standings[EventStanding.BEYOND_LEDGER] == untimed
        assert sent(spool) == [f"m{number}" for _, number in sorted(expected)]


def test_every_event_is_counted_once(spool: Spool) -> None:
    """The standings add up to the events that are taken, and the choice takes the others away."""
    events = [event(number, type=kind) for number, kind in enumerate(["track", "page", "track"])]
    events += [event(7, userId=None), event(0)]
    found = plan(Table(), events, spool, choice=Choice(types=("track",)))
    assert (found.read, found.taken) == (5, 4)
    assert found.standings.total() == found.taken
    assert found.dropped == {("track-event", "missing_user_id"): 1}


def test_memory_does_not_grow_with_the_archive(spool: Spool) -> None:
    """Of 4,000 events of 5 KB each, far less than their 20 MB is in Python's memory at once."""
    padding = {"x": "x" * 5_000}
    events = (event(number, properties=padding) for number in range(4_000))
    tracemalloc.start()
    try:
        plan(Table(), events, spool)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spool.number_waiting() == 4_000
    assert peak < 6_000_000
