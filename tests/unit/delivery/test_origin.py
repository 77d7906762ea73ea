"""Where a message comes from: written by ingest, read by redrive, kept in the parking lot."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segment_rehook.delivery.queues.message import Header, Letter, read_body
from segment_rehook.delivery.queues.origin import (
    MAX_CHARACTERS,
    UNKNOWN_ORIGIN,
    Origin,
    origin_of,
)
from segment_rehook.rehook.plan import Request
from tests.unit.delivery.samples import DESTINATION, signed, track
from tests.unit.delivery.test_message import received
from tests.unit.delivery.world import World
from tools.fakes import rehook

HEADER = Header(delivery="m1:track", user="hash", content="c", reason="paused")
TEXTS = st.none() | st.text(st.characters(), min_size=1, max_size=MAX_CHARACTERS)
OLD_BODY = (
    '{"action": "trackEvent", "request": {"method": "POST", "path": "/events/invoke", '
    '"body": {"a": 1}}, "event": {"type": "track", "x": %s}}'
)


class OldBody(msgspec.Struct):
    """A body as the versions before read it."""

    action: str
    request: dict[str, object] | None
    event: msgspec.Raw


def letter(origin: Origin, event: bytes = b'{"type":"track"}') -> Letter:
    """A dead letter of this origin."""
    request = Request("POST", "/events/invoke", b"{}")
    return Letter(header=HEADER, action="trackEvent", request=request, event=event, origin=origin)


@given(TEXTS, TEXTS, TEXTS)
@example('a"}{', "\\", "\ud800")
def test_an_origin_comes_back_as_it_was(
    request_id: str | None, mapping: str | None, message_id: str | None
) -> None:
    """The origin is read back from the start of the body, whatever is in it."""
    origin = Origin(request_id, mapping, message_id)
    outgoing = letter(origin).for_dead_letters(ordered=True)

    assert outgoing.body.isascii()
    assert origin_of(outgoing.body) == origin
    assert read_body(HEADER, received(outgoing)).origin == origin


def test_a_value_that_is_too_long_is_not_written() -> None:
    """A long message id is left out: a part of it would name no event."""
    origin = Origin("r", "m", "x" * (MAX_CHARACTERS + 1))
    assert origin_of(letter(origin).for_dead_letters(ordered=True).body) == Origin("r", "m")


@pytest.mark.parametrize("odd", ["1", '"\\ud800"'])
def test_the_messages_of_the_version_before_are_read(odd: str) -> None:
    """A message without an origin, such as one that waited during a deployment, is read."""
    outgoing = letter(UNKNOWN_ORIGIN).for_dead_letters(ordered=True)
    found = read_body(HEADER, received(replace(outgoing, body=OLD_BODY % odd)))

    assert found.origin == UNKNOWN_ORIGIN
    assert found.request == Request("POST", "/events/invoke", b'{"a": 1}')


@pytest.mark.parametrize("event", [b'{"type":"track"}', rb'{"type":"track","x":"\ud800"}'])
def test_the_version_before_reads_these_messages(event: bytes) -> None:
    """After a rollback the messages that wait are read: the further member is skipped."""
    body = letter(Origin("r", "m", "i"), event).for_dead_letters(ordered=True).body
    if b"ud800" not in event:
        assert msgspec.json.decode(body, type=OldBody).action == "trackEvent"
    assert {"action", "request", "event"} < json.loads(body).keys()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "?",
        '{"origin": 5, "action": "a"}',
        '{"origin": {"requestId": 5}}',
        '{"origin": {"requestId": "unfinished',
        '{"origin": {bad}}',
        '{"origin": {"requestId": ' + "[" * 7_000 + "}}",
        '{"origin": {"requestId": ""}}',
        '{"event": {"origin": {"requestId": "a sender\'s"}}}',
    ],
)
def test_what_is_no_origin_is_not_known(body: str) -> None:
    """A body that another program wrote, or an event with such a member, gives nothing."""
    assert origin_of(body) == UNKNOWN_ORIGIN


def test_redrives_line_names_the_request_that_stored_the_event() -> None:
    """The request's id, the message id and the mapping's version go through the queue.

    They are there also if the body is not read, as while the mode is `pause`, and in the message
    that is parked in the end.
    """
    world = World()
    world.rehook.script.extend([rehook.UNREACHABLE, rehook.REJECTED])
    headers, body = signed(track("m1"))
    world.ingest().webhook.handle("POST", headers, body, world.clock.now(), "gateway-1")
    world.store_secrets(mode="pause")
    world.poll()
    world.store_secrets(mode="deliver")
    world.drain()
    stored, hidden, parked = world.telemetry.lines

    expected = {"message_id": "m1", "mapping": DESTINATION.version, "delivery": "m1:track"}
    assert "request_id" not in stored  # the real telemetry adds it to all lines of the invocation
    assert stored["user"] == hidden["user"] == parked["user"]
    for line in (stored, hidden, parked):
        assert expected.items() <= line.items()
    assert hidden["request_id"] == parked["request_id"] == "gateway-1"
    assert (hidden["reason"], parked["reason"]) == ("paused", "rejected")
    assert "milliseconds" not in hidden
    assert (parked["action"], parked["milliseconds"]) == ("trackEvent", 0)
    [message] = world.lot.stored()
    assert origin_of(message.message.body) == Origin("gateway-1", DESTINATION.version, "m1")
