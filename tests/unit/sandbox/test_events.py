"""Tests of the sample events under ``events/``."""

from __future__ import annotations

import json

from segment_rehook.aws.gateway import webhook_request
from segment_rehook.delivery.queues.message import Header
from segment_rehook.segment.access import AccessRules
from segment_rehook.segment.webhook import receive
from tools.events import wrap as events


def test_wrapped_events_are_what_the_tool_writes() -> None:
    """The files are those that ``python -m tools.events`` writes now, and there are no others."""
    found = {path.name: path.read_text() for path in events.WRAPPED.iterdir()}
    assert found == {name: events.text(event) for name, event in events.wrapped().items()}


def test_every_sample_passes_the_door() -> None:
    """The webhook accepts each sample's signature and body, for single events and batches."""
    access = AccessRules.from_lines([events.SHARED_SECRET], [])
    for name, payload in events.payloads().items():
        request = webhook_request(events.wrapped()[f"ingest-{name}.json"])
        envelope = receive(request.method, request.headers, request.body, access)
        assert envelope.batch is isinstance(payload, list)
        expected = payload if isinstance(payload, list) else [payload]
        read = [element.raw for element in envelope.elements]  # type: ignore[union-attr]  # events
        assert [json.loads(each) for each in read] == expected


def test_every_dead_letter_is_one() -> None:
    """Redrive can read the attributes of every sample dead letter."""
    letters = [event for name, event in events.wrapped().items() if name.startswith("redrive-")]
    assert len(letters) >= 4
    for event in letters:
        [record] = event["Records"]
        values = {k: v["stringValue"] for k, v in record["messageAttributes"].items()}
        assert Header.read(values).reason == "unavailable"
