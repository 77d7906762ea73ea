"""Tests of questions: which lines and deliveries each is about."""

from __future__ import annotations

import json

import pytest

from segment_rehook.delivery import ids
from segment_rehook.segment.event import Event
from segment_rehook_cli.why.question import about_event, about_message_id, about_order, about_user
from tests.unit.cli.log_lines import line


@pytest.mark.parametrize("name", ["m1", "k:1", "s:1", "h:1", "x" * 101, "a\nb", "日本", "sha256:1"])
def test_an_id_that_is_typed_is_the_id_that_is_logged(name: str) -> None:
    """The log's id and the ledger's key are those that the functions make of Segment's event."""
    event = Event.parse(json.dumps({"type": "track", "messageId": name}).encode())
    question = about_message_id(name)
    assert question.asked == event.message_id
    assert question.deliveries(["s"]) == [ids.delivery_id(ids.event_key(event) or "", "s")]
    assert about_event(event) == question
    assert event.message_id is not None
    if event.message_id != name:  # what the log shows can be typed too
        assert about_message_id(event.message_id) == question


def test_an_event_without_an_id_is_known_by_its_content() -> None:
    """Such an event has a key of its own; one without a time stamp has none."""
    event = Event.parse(b'{"type": "track", "timestamp": "2026-01-15T10:00:00Z"}')
    question = about_event(event)
    assert question.asked == question.key == ids.event_key(event)
    with pytest.raises(ValueError, match="neither a messageId nor a timestamp"):
        about_event(Event.parse(b"{}"))


@pytest.mark.parametrize("ask", [about_message_id, about_order])
def test_an_empty_id_is_refused(ask: object) -> None:
    """There is nothing to ask about."""
    assert callable(ask)
    with pytest.raises(ValueError, match="it is empty"):
        ask("")


def test_a_line_is_of_the_event_by_its_id_or_by_its_delivery() -> None:
    """Also under a business key, and where a line has no message id; and no other line is."""
    question = about_message_id("m1")
    assert question.matches(line("delivered", delivery="k:9:s"))
    assert question.matches(line("stored", message_id=None, delivery="m1:s"))
    assert question.matches(line("ignored", delivery=None))
    assert not question.matches(line("stored", message_id=None, delivery="m1:x:s"))
    assert not question.matches(line("stored", message_id="m11", delivery="m11:s"))
    assert not question.matches(line("stored", message_id=None, delivery=None))


def test_a_line_is_of_the_order_by_its_delivery_alone() -> None:
    """A message id that is equal to an order's number is another thing."""
    question = about_order("1001")
    assert question.matches(line("delivered", delivery="k:1001:s"))
    assert not question.matches(line("delivered", message_id="1001", delivery="1001:s"))


def test_a_line_is_of_the_user_by_the_keyed_hash() -> None:
    """Lines without a hash are nobody's."""
    question = about_user("abc")
    assert question.matches(line("delivered", user="abc"))
    assert not question.matches(line("delivered"))
    assert question.deliveries(["s"]) == []
