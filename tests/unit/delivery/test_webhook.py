"""Segment's request and its answer: the counts, the list, the modes."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.delivery.ingest.answer import MAX_LISTED_WHOLE
from segment_rehook.rehook.destination import load
from segment_rehook.segment.jsontext import JSON, encode
from tests.unit.delivery.samples import TWICE, identify, order, outcomes, reasons, signature, track
from tests.unit.delivery.world import World
from tools.fakes import rehook


def entry(name: str, outcome: str, **of_its_delivery: str) -> dict[str, Any]:
    """An event of one delivery, as the answer lists it."""
    delivery = {"subscription": "track", "outcome": outcome, **of_its_delivery}
    return {"messageId": name, "outcome": outcome, "deliveries": [delivery]}


def test_counts_and_list() -> None:
    """The answer lists each event in order with all that is known of it, and counts it once."""
    world = World()
    world.post(track("m0"))
    world.rehook.script.extend([rehook.DELIVERED, rehook.REJECTED])
    answer = world.post(
        track("m1"),
        track("m2"),
        track("m0"),
        {"type": "page", "messageId": "p"},
        track("m3", event="Signed Up") | {"userId": None},
    )

    assert answer.status == 200
    assert outcomes(answer) == ["delivered", "parked", "duplicate", "ignored", "dropped"]
    assert {name: count for name, count in answer.body.items() if name != "events"} == {
        "received": 5,
        "delivered": 1,
        "parked": 1,
        "duplicate": 1,
        "ignored": 1,
        "dropped": 1,
        "stored": 0,
    }
    missing = "The root value is missing the required field 'source_id'."
    assert answer.body["events"] == [
        entry("m1", "delivered", requestId="req-1"),
        entry("m2", "parked", reason="rejected", code="400", detail="no such event"),
        entry("m0", "duplicate", reason="delivered"),
        {
            "messageId": "p",
            "outcome": "ignored",
            "deliveries": [],
            "ignored": [
                {"subscription": "identify", "why": 'type = "identify": type is another string'},
                {"subscription": "track", "why": 'type = "track": type is another string'},
                {
                    "subscription": "order",
                    "why": 'event = "Order Completed": event is missing, not a string',
                },
            ],
        },
        entry("m3", "dropped", reason="missing_user_id", detail=missing),
    ]


@pytest.mark.parametrize(
    ("turns", "outcome"),
    [
        ([rehook.DELIVERED, rehook.REJECTED], "parked"),
        ([rehook.DELIVERED, rehook.UNREACHABLE], "stored"),
        ([rehook.REJECTED, rehook.UNREACHABLE], "parked"),
        ([rehook.DELIVERED, rehook.DELIVERED], "delivered"),
    ],
)
def test_an_event_with_two_deliveries_counts_as_the_one_that_needs_looking_at(
    turns: list[rehook.Turn], outcome: str
) -> None:
    """An event of two deliveries counts as the worse one: parked, then stored, then delivered."""
    world = World(destination=TWICE)
    world.rehook.script.extend(turns)

    assert outcomes(world.post(track())) == [outcome]


def test_a_duplicate_and_a_delivery_count_as_delivered() -> None:
    """An event of which one delivery is new and one a duplicate counts as delivered."""
    world = World(destination=TWICE)
    world.rehook.script.extend([rehook.DELIVERED, rehook.DELIVERED])
    world.post(track())
    del world.ledger.records["m1:two"]

    assert outcomes(world.post(track())) == ["delivered"]


def test_a_large_batch_lists_what_was_not_plainly_delivered() -> None:
    """The answer to a large batch lists only the events that were not plainly delivered."""
    world = World()
    world.post(track("m7"))
    answer = world.post(*[track(f"m{number}", f"u{number}") for number in range(101)])

    assert answer.body["received"] == 101
    assert len(outcomes(answer)) == 1
    small = world.post(*[track(f"n{number}", f"u{number}") for number in range(100)])
    assert len(outcomes(small)) == 100


def test_the_same_event_twice_in_one_request_is_one_delivery() -> None:
    """An event that comes twice in one request is one delivery, and one claim."""
    world = World()
    answer = world.post(track(), track())

    assert outcomes(answer) == ["delivered", "duplicate"]
    assert reasons(answer) == [None, "same_request"]
    assert world.table.calls["ledger.swap"] == 2


def test_the_same_order_twice_in_one_request_is_one_delivery() -> None:
    """Two messageIds with one business key in one request are one delivery."""
    world = World()

    assert outcomes(world.post(order("m1", "7"), order("m2", "7"))) == ["delivered", "duplicate"]


def test_two_events_under_one_id_in_one_request() -> None:
    """Of two events under one id in a request the first is delivered, the second a conflict."""
    world = World()
    answer = world.post(track(amount=1), track(amount=2))

    assert outcomes(answer) == ["delivered", "dropped"]
    assert reasons(answer) == [None, "id_conflict"]


def test_an_event_that_nothing_names_is_dropped() -> None:
    """An event with neither messageId nor timestamp is dropped."""
    world = World()
    answer = world.post(track(None))

    assert (outcomes(answer), reasons(answer)) == (["dropped"], ["missing_message_id"])
    assert not world.rehook.calls


def test_an_event_without_a_message_id_but_with_a_timestamp() -> None:
    """An event without a messageId but with a timestamp is known again when it comes again."""
    world = World()
    event = track(None) | {"timestamp": "2026-01-01T00:00:00Z"}
    assert outcomes(world.post(event | {"sentAt": "1"})) == ["delivered"]

    assert outcomes(world.post(event | {"sentAt": "2"})) == ["duplicate"]


def test_one_bad_element_costs_only_itself() -> None:
    """A batch with one element that can't be read is answered 200, and the others delivered."""
    world = World()
    good = encode(track())
    body = b"[" + good + b', 5, {"a": 1e, ' + encode(track("m2")) + b"]"
    headers = {"x-signature": signature(good)}
    answer = world.ingest().webhook.handle("POST", headers, body, world.clock.now())

    assert answer.status == 200
    assert outcomes(answer)[:2] == ["delivered", "dropped"]
    assert reasons(answer)[1] == "not_an_object"
    assert "an event is an object, not a number" in str(answer.body)


def test_why_an_event_is_ignored_is_said_in_a_small_request() -> None:
    """In a small request answer and log say why an event is ignored.

    They name the trigger's clause and the value's type, never the value.
    """
    destination = load(
        encode(
            {
                "settings": {"eventTypes": {"page": "ignore"}},
                "subscriptions": [
                    {
                        "id": name,
                        "actionSlug": "trackEvent",
                        "trigger": "properties.total > 20",
                        "enabled": name != "off",
                        "settings": {"event_name": "e", "source_id": "u"},
                    }
                    for name in ("on", "off")
                ],
            }
        )
    )
    world = World(destination=destination)
    answer = world.post(track("m1", total="27.50"), {"type": "page", "messageId": "m2"})
    found = "properties.total is a string, not a number (a number in quotes is text)"
    off = "off: the subscription is disabled"
    kept = "settings.eventTypes keeps page calls from the subscriptions"

    assert [line["ignored"] for line in world.telemetry.lines] == [
        f"on: properties.total > 20: {found}; {off}",
        f"on: {kept}; {off}",
    ]
    events = answer.body["events"]
    assert isinstance(events, list)
    assert isinstance(events[0], dict)
    assert events[0]["ignored"] == [
        {"subscription": "on", "why": f"properties.total > 20: {found}"},
        {"subscription": "off", "why": "the subscription is disabled"},
    ]
    assert "27.50" not in str(answer.body)


@pytest.mark.parametrize("count", [MAX_LISTED_WHOLE, MAX_LISTED_WHOLE + 1])
def test_why_events_are_ignored_is_not_looked_for_in_a_large_request(count: int) -> None:
    """In a large request no reason is worked out for ignored events."""
    world = World()
    answer = world.post(*[{"type": "page", "messageId": f"m{n}"} for n in range(count)])
    events = answer.body["events"]
    assert isinstance(events, list)
    assert len(events) == count
    explained = count <= MAX_LISTED_WHOLE
    assert all(isinstance(event, dict) and ("ignored" in event) is explained for event in events)
    assert all(("ignored" in line) is explained for line in world.telemetry.lines)


def test_what_a_log_line_says_of_an_ignored_event_is_bounded() -> None:
    """The log line of an ignored event has a bounded length, whatever subscriptions there are."""
    subscription: dict[str, JSON] = {
        "actionSlug": "trackEvent",
        "trigger": " or ".join(f'event = "{"x" * 100}{n}"' for n in range(20)),
        "settings": {"event_name": "e", "source_id": "u"},
    }
    subscriptions: list[JSON] = [{**subscription, "id": f"s{n}"} for n in range(50)]
    world = World(destination=load(encode({"subscriptions": subscriptions})))
    world.post(track())
    (line,) = world.telemetry.lines
    assert len(str(line["ignored"])) == 1_000


def test_what_is_no_event_gets_a_hint() -> None:
    """Data that is not the whole event gets a hint at the Data field of Segment's mapping."""
    answer = World().post({"messageId": "m1", "userId": "u"})
    events = answer.body["events"]

    assert isinstance(events, list)
    assert isinstance(events[0], dict)
    assert "Data field" in str(events[0]["hint"])


def test_dry_run_delivers_nothing_and_says_what_it_would() -> None:
    """A dry run calls, writes and sends nothing, and answers with the requests it would make."""
    world = World()
    world.store_secrets(mode="dry-run")
    answer = world.post(track(), identify())

    assert answer.status == 200
    assert reasons(answer) == ["dry_run", "dry_run"]
    assert "/events/invoke" in str(answer.body)
    assert not world.rehook.calls
    assert not world.ledger.writes
    assert not world.dead.stored()


@pytest.mark.parametrize("mode", ["pause", "dry-run"])
def test_a_mode_is_honoured_within_a_minute(mode: str) -> None:
    """A running environment of ingest follows another mode within a minute."""
    world = World()
    environment = world.ingest()
    world.post(track("m0"), on=environment)
    world.store_secrets(mode=mode)
    world.clock.advance(61.0)
    world.post(track("m1"), on=environment)

    assert len(world.rehook.calls) == 1
