"""Segment's own webhook destinations send, and the door lets in what they send.

The requests are those that the npm packages put on the wire: method, headers and body bytes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from segment_rehook.segment.access import AccessRules
from segment_rehook.segment.envelope import Envelope
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive
from tests.conformance.webhook_senders import NO_AUTH, SENDERS, Sender, Turn, needs_node, take

SECRET = "a shared secret, ü"

pytestmark = needs_node

RULES = AccessRules.from_lines(["another", SECRET], ["a-token", "X-Team-Token: t2"])
SIGNED_ONLY = AccessRules.from_lines([SECRET], [])

AWKWARD = [
    r'{"type":"track","messageId":"m1","userId":"u","event":"Order","properties":{"total":25.0}}',
    '{"type":"track","messageId":"emoji","properties":{"a":"\U0001f600","é":"\u2028\u2029"}}',
    r'{"type":"track","messageId":"cut","properties":{"name":"Ann \ud83d","\ude00":1}}',
    r'{"type":"track","messageId":"n","properties":{"a":1e21,"b":-0,"c":1e-7,"d":1e999,"e":1.0}}',
    r'{"type":"track","messageId":"big","properties":{"id":9007199254740993,"x":1e20}}',
    r'{"type":"track","messageId":"esc","properties":{"a":"\u0000\"\\\/\b\f\n\r\t\u001f\u007f"}}',
    r'{"type":"track","messageId":"br","properties":{"a":"],[{\"","b":"\\\\\"}"}}',
    r'{"json":{"type":"track","messageId":"inner"},"type":"track","messageId":"outer"}',
    '{"type":"track","messageId":"wide",' + ",".join(f'"k{n}":{n}' for n in range(10_000)) + "}",
    '{"type":"track","messageId":"deep","properties":' + '{"a":' * 100 + "1" + "}" * 101,
    r'{"10":1,"2":2,"messageId":"index keys","__proto__":{"a":1},"type":"track","length":3}',
    r'{"type":"identify","messageId":"a","traits":{"vip":true,"list":[[],{},[null,""]]}}',
]
TOO_DEEP = '{"type":"track","messageId":"td","properties":' + '{"a":' * 1_000 + "1" + "}" * 1_001


def send(sender: Sender, events: list[str], *, batch: bool, **more: Any) -> list[dict[str, Any]]:
    """Let the destination send the events; give what came over the wire."""
    (requests,) = take([Turn(sender, events, SECRET, batch, {}, more)])
    return requests


def let_in(request: dict[str, Any], rules: AccessRules = RULES) -> Envelope:
    """Hand a captured request to the door."""
    return receive(request["method"], request["headers"], request["body"], rules)


def assert_reads(element: Event | UnreadableEvent, sent: Any) -> None:
    """Every member comes out as another parser reads it from the wire."""
    assert isinstance(element, Event)
    assert element.members() == sent
    assert element.message_id == sent["messageId"]


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS.keys())
def test_single_events_come_in(sender: Sender) -> None:
    """Each awkward event is let in by its signature and read as it was sent."""
    requests = send(sender, AWKWARD, batch=False)
    assert len(requests) == len(AWKWARD)
    for request in requests:
        envelope = let_in(request)
        assert not envelope.batch
        assert_reads(envelope.elements[0], json.loads(request["body"]))


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS.keys())
def test_batches_come_in(sender: Sender) -> None:
    """Whichever awkward event comes first is the one that is signed; all of them are read."""
    turns = [AWKWARD[start:] + AWKWARD[:start] for start in range(len(AWKWARD))]
    for (request,) in take([Turn(sender, turn, SECRET, True, {}, {}) for turn in turns]):
        envelope = let_in(request)
        assert envelope.batch
        sent = json.loads(request["body"])
        if sender.destination == "webhook-extensible":
            assert all(list(element) == ["json"] for element in sent)
            sent = [element["json"] for element in sent]
        for element, expected in zip(envelope.elements, sent, strict=True):
            assert_reads(element, expected)


def test_a_batch_of_4000_comes_in() -> None:
    """Segment's largest."""
    events = [
        json.dumps({"type": "track", "messageId": f"m{n}", "x": "y" * 900}) for n in range(4000)
    ]
    (request,) = send(SENDERS["webhook"], events, batch=True)
    assert len(let_in(request).elements) == 4000


def test_a_too_deep_event_costs_only_itself() -> None:
    """Dropped with its reason, also where it is the signed one."""
    for events, place in (([TOO_DEEP, AWKWARD[0]], 0), ([AWKWARD[0], TOO_DEEP], 1)):
        (request,) = send(SENDERS["webhook"], events, batch=True)
        elements = let_in(request).elements
        dropped, other = elements[place], elements[1 - place]
        assert isinstance(dropped, UnreadableEvent)
        assert dropped.reason == "too_deep"
        assert isinstance(other, Event)


def test_the_signature_is_what_lets_them_in() -> None:
    """Another secret, or one byte more, and the same requests stay outside."""
    for sender in (SENDERS["webhook"], SENDERS["extensible"], SENDERS["audiences"]):
        for batch in (False, True):
            (request,) = send(sender, AWKWARD[:1], batch=batch)
            for rules, body in (
                (AccessRules.from_lines(["other"], []), request["body"]),
                (SIGNED_ONLY, request["body"].replace(b"25", b"26")),
            ):
                with pytest.raises(Refusal, match="signature_wrong"):
                    let_in(request | {"body": body}, rules)


def test_mapped_data_is_seen_to_be_no_whole_event() -> None:
    """Data mapped to a part of the event is let in, signed as it is, and recognised."""
    mapping = {"data": {"who": {"@path": "$.userId"}}}
    (request,) = send(Sender("webhook", {}, mapping), AWKWARD[:1], batch=False)
    (event,) = let_in(request).elements
    assert isinstance(event, Event)
    assert event.looks_mapped


def test_forms_are_refused_with_a_hint() -> None:
    """The Extensible Webhook can send forms: one event as a form, a batch as JSON around forms."""
    mapping = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    sender = Sender("webhook-extensible", NO_AUTH, mapping)
    (single,) = send(sender, AWKWARD[:1], batch=False)
    with pytest.raises(Refusal, match="form_encoded") as caught:
        let_in(single)
    assert "Content-Type" in caught.value.hint
    (batch,) = send(sender, AWKWARD[:1], batch=True)
    assert list(json.loads(batch["body"])[0]) == ["body"]
    with pytest.raises(Refusal, match="signature_wrong"):
        let_in(batch)


def test_audiences_with_extra_fields_sign_other_bytes_than_they_send() -> None:
    """The signature is made before the extra fields are added: a token has to vouch for them."""
    sender = Sender("webhook-audiences", {}, {"headers": {"X-Team-Token": "t2"}})
    extras = {"extras": '{"team":"growth"}'}
    (request,) = send(sender, AWKWARD[:1], batch=False, audience=extras)
    assert json.loads(request["body"])["team"] == "growth"
    with pytest.raises(Refusal, match="signature_wrong") as caught:
        let_in(request)
    assert "token" in caught.value.hint
    tokens = AccessRules.from_lines([], ["X-Team-Token: t2"])
    assert let_in(request, tokens).elements


def test_without_a_shared_secret_there_is_no_signature() -> None:
    """Segment signs only if a secret is set: such requests need a token."""
    settings = {"sharedSecret": ""}
    (request,) = send(Sender("webhook", settings, {}), AWKWARD[:1], batch=False)
    assert "x-signature" not in request["headers"]
    with pytest.raises(Refusal, match="signature_missing"):
        let_in(request, SIGNED_ONLY)
