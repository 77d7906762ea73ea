"""Tests that `preview` shows what the webhook does, as far as the bridge's own rules decide."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES
from segment_rehook.rehook.destination import Destination, load
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from segment_rehook.segment.jsontext import JSON, decode, encode
from segment_rehook_cli.mapping.preview import Preview
from segment_rehook_cli.mapping.reading import read_events
from tests.unit.delivery.samples import BROKEN, TWICE, signature, track
from tests.unit.delivery.world import World
from tools.fakes.rehook import Turn

FIELDS: dict[str, JSON] = {"source_id": {"@path": "$.userId"}, "event_name": {"@path": "$.event"}}
TAKES_TRACK: dict[str, JSON] = {"actionSlug": "trackEvent", "trigger": 'type = "track"'}

RULES = load(
    encode(
        {
            "settings": {
                "deniedEvents": ["Denied"],
                "maxEventAgeHours": 1,
                "eventTypes": {"page": "ignore"},
                "traitNames": {"lang": {"name": "preferred_language", "check": "iso-639-1"}},
                "conversionEvents": {"Signed Up": "drop"},
            },
            "subscriptions": [
                {
                    "id": "identify",
                    "actionSlug": "identifyUser",
                    "trigger": 'type = "identify"',
                    "settings": {**FIELDS, "metadata": {"@path": "$.traits"}},
                },
                {
                    **TAKES_TRACK,
                    "id": "track",
                    "settings": {**FIELDS, "metadata": {"@path": "$.properties"}},
                },
                {
                    **TAKES_TRACK,
                    "id": "order",
                    "trigger": "properties.total > 20",
                    "settings": FIELDS,
                    "idempotencyKey": {"@path": "$.properties.order"},
                },
                {
                    **TAKES_TRACK,
                    "id": "broken",
                    "trigger": 'event = "Broken"',
                    "settings": {**FIELDS, "metadata": {"@template": {"@path": "$.nowhere"}}},
                },
                {**TAKES_TRACK, "id": "off", "enabled": False, "settings": FIELDS},
            ],
        }
    )
)


def optional(**members: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Generate objects that each have some of the members, with one of these values."""
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in members.items()}
    )


events = st.builds(
    lambda members, properties, traits: {**members, "properties": properties, "traits": traits},
    optional(
        type=["track", "track", "identify", "page", 5],
        messageId=["m1", "m1", "m2", "", 7, "x" * 200, None],
        userId=["u1", "u2", None, {"an": "object"}],
        event=["Order Completed", "Signed Up", "Denied", "Broken", None],
        timestamp=["2027-01-15T08:00:00Z", "2020-01-01T00:00:00Z", "never"],
        integrations=[{"Rehook": False}, {"All": False}],
        sentAt=["1", "2"],
    ),
    optional(total=[25, "25", 5, None], order=["o1", "o1", 7, ["o1"], ""], referral_code=["c"]),
    optional(lang=["hi", "Hindi", 5]),
)
elements = st.one_of(
    events, events, events, st.builds(lambda event: {"json": event}, events), st.just(5)
)


def asked(destination: Destination, body: bytes, first: bytes) -> tuple[list[Any], list[Request]]:
    """Post the body; return the answer's events, and Rehook's calls, indexed by request id."""
    world = World(destination=destination)
    calls = world.rehook.calls
    world.rehook.answer = lambda _request, _action: Turn(
        Reply(kind=ReplyClass.DELIVERED, code="200", request_id=str(len(calls))), acts=True
    )
    answer = world.ingest().webhook.handle(
        "POST", {"x-signature": signature(first)}, body, world.clock.now()
    )
    assert answer.status == 200
    listed = answer.body["events"]
    assert isinstance(listed, list)
    return listed, calls


def shown(delivery: dict[str, Any], calls: list[Request]) -> dict[str, Any]:
    """Return what a preview must show for a delivery in the webhook's answer."""
    entry = {"subscription": delivery["subscription"]}
    if delivery["outcome"] == "delivered":
        request = calls[int(delivery["requestId"])]
        body = decode(request.body)
        return {**entry, "request": {"method": request.method, "path": request.path, "body": body}}
    if delivery["outcome"] == "duplicate":
        return {**entry, "dropped": "duplicate", "reason": delivery["reason"]}
    assert delivery["outcome"] in {"dropped", "parked"}
    return {**entry, "dropped": delivery["reason"], "detail": delivery["detail"]}


def previewed(destination: Destination, body: bytes) -> list[dict[str, Any]]:
    """Return a preview's lines without warnings and details that the webhook does not give."""
    preview = Preview(destination, World().clock.now())
    lines: list[dict[str, Any]] = [
        preview.line(event, explained=False) for event in read_events(body)
    ]
    for line in lines:
        for result in line["results"]:
            result.pop("warnings", None)
            if result.get("dropped") == "duplicate":
                del result["detail"]
    return lines


def agree(destination: Destination, elements: list[Any]) -> None:
    """Post the elements as one batch, preview them, and compare both event by event."""
    first = encode(track("signed"))
    body = b"[" + b",".join([first, *map(encode, elements)]) + b"]"
    listed, calls = asked(destination, body, first)
    lines = previewed(destination, body)
    assert len(lines) == len(listed)
    for line, event in zip(lines, listed, strict=True):
        expected: dict[str, JSON] = {"messageId": event["messageId"]}
        expected["results"] = [shown(delivery, calls) for delivery in event["deliveries"]]
        if event["outcome"] == "ignored":
            expected["ignored"] = event["ignored"]
        if "hint" in event:
            expected["hint"] = event["hint"]
        assert line == expected


@given(st.lists(elements, max_size=6))
def test_on_generated_events_each_delivery_agrees(batch: list[Any]) -> None:
    """For generated events, requests, drops, duplicates and ignored events agree."""
    agree(RULES, batch)


@pytest.mark.parametrize("destination", [BROKEN, TWICE])
@pytest.mark.parametrize("size", [10, MAX_MESSAGE_BYTES])
def test_large_events_and_faults_agree(destination: Destination, size: int) -> None:
    """Events that are too large, and mappings that throw, agree."""
    agree(destination, [track("m1", text="x" * size), track("m1", text="x" * size), track("m2")])


def test_each_kind_of_answer_is_reached() -> None:
    """The rules of these tests give each kind of outcome for some event."""
    body = encode(
        [
            track("m1", event="Paid", total=25, order="o1"),
            track("m2", event="Paid", total=25, order="o1"),
            track("m1", event="Paid", total=3),
            track("m5"),
            track(None, event="Paid"),
            track("m3", event="Broken"),
            track("m4", event="Denied"),
            {"type": "page", "messageId": "p"},
        ]
    )
    results = [result for line in previewed(RULES, body) for result in line["results"]]
    assert {result.get("dropped") for result in results} == {
        None,
        "duplicate",
        "id_conflict",
        "missing_message_id",
        "mapping_error",
        "denied_event",
        "conversion_without_code",
    }
