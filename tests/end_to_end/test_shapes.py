"""Odd shapes that are good all the same, and how far one bad part of them reaches."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tools.sandbox.segment import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]

BEYOND_SQS = "x" * 1_048_576


def array(*elements: bytes) -> bytes:
    """A batch of texts."""
    return b"[" + b",".join(elements) + b"]"


def outcomes(box: Sandbox, body: bytes, signed: bytes | None = None) -> list[tuple[str, Any]]:
    """Each event's outcome, and the reason of its delivery if there is one."""
    reply = box.segment.send_signed(body, signed)
    assert reply.status == 200
    return [
        (event["outcome"], event["deliveries"][0].get("reason") if event["deliveries"] else None)
        for event in reply.body["events"]
    ]


def test_the_extensible_webhooks_wrapper(box: Sandbox, track: Track, user: str) -> None:
    """Events in the Extensible Webhook's wrapper are delivered, whichever text was signed.

    It signs the first inner event, its wrapper, or the whole body.
    """
    for signed in (lambda inner, _: inner, lambda inner, _: wrap(inner), lambda _, body: body):
        inner = encode(track())
        body = array(wrap(inner), wrap(encode(track())))
        assert outcomes(box, body, signed(inner, body)) == [("delivered", None)] * 2
    assert rewards(box, user) == 6


def wrap(event: bytes) -> bytes:
    """As the Extensible Webhook does in a batch."""
    return b'{"json":' + event + b"}"


def test_a_single_event_with_a_member_json_is_no_wrapper(
    box: Sandbox, track: Track, user: str
) -> None:
    """A single event with a member `json`, or one that is no object, is delivered as it is."""
    assert outcomes(box, encode(track(json=track()))) == [("delivered", None)]
    assert outcomes(box, array(encode(track(json=1)))) == [("delivered", None)]
    assert rewards(box, user) == 2


def test_ten_thousand_keys(box: Sandbox, track: Track, user: str) -> None:
    """Events with ten thousand keys are delivered, also keys that collide in weak hash tables."""
    many = {f"k{number}": number for number in range(10_000)}
    multiples = {str(number * (2**61 - 1)): None for number in range(10_000)}
    for event in (track(**many), track(properties=many), track(properties=multiples)):
        assert outcomes(box, encode(event)) == [("delivered", None)]
    events = [encode(track(**many)) for _ in range(5)]
    assert outcomes(box, array(*events), events[0]) == [("delivered", None)] * 5
    assert rewards(box, user) == 8


@pytest.mark.usefixtures("fresh")
def test_an_event_beyond_what_sqs_stores(box: Sandbox, track: Track, user: str) -> None:
    """An event too large for SQS is delivered if Rehook takes it; if not, Segment keeps it."""
    large = track(properties={"text": BEYOND_SQS})
    assert outcomes(box, encode(large)) == [("delivered", None)]

    box.rehook.switch(on=False)
    large, small = track(properties={"text": BEYOND_SQS}), track(userId=f"{user}-2")
    reply = box.segment.send_batch([small, large])
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    assert [event["outcome"] for event in reply.body["events"]] == ["stored", "failed"]
    box.rehook.switch(on=True)
    drain(box)
    reply = box.segment.send_batch([small, large])
    assert reply.status == 200
    assert [event["outcome"] for event in reply.body["events"]] == ["duplicate", "delivered"]
    assert (rewards(box, user), rewards(box, f"{user}-2")) == (2, 1)


def test_one_that_rehook_refuses_and_no_queue_stores(box: Sandbox, track: Track) -> None:
    """A rejected event that is too large for SQS is dropped with its reason."""
    large = track(properties={"text": BEYOND_SQS})
    box.rehook.answer(400, '{"code": 400, "message": "no"}')
    assert outcomes(box, encode(large)) == [("dropped", "too_large")]


@pytest.mark.usefixtures("fresh")
def test_awkward_contents_come_out_of_the_queue_as_they_went_in(box: Sandbox, user: str) -> None:
    """Unusual texts, numbers and repeated keys come out of the queue as they went in, in order."""
    properties = {
        r'{"cut":"Ann \ud83d","\ude00":1}': {"cut": "Ann \ud83d", "\ude00": 1},
        '{"a":"\U0001f600","é":"\u2028\x7f"}': {"a": "\U0001f600", "é": "\u2028\x7f"},
        '{"a":12345678901234567890,"b":1e999,"c":1e21,"d":-0}': {
            "a": 12345678901234567890,
            "b": None,
            "c": 1e21,
            "d": 0,
        },
        r'{"a":1,"a":{"b":"\u0000"}}': {"a": {"b": "\0"}},
    }
    since = len(box.rehook.calls())
    box.rehook.switch(on=False)
    for number, text in enumerate(properties):
        head = f'{{"type":"track","event":"e","messageId":"{user}-{number}","userId":"{user}"'
        body = f'{head},"properties":{text}}}'.encode()
        assert outcomes(box, body)[0][0] == "stored"
    box.rehook.switch(on=True)
    drain(box)
    delivered = [
        json.loads(call.body)["metadata"] for call in box.rehook.calls(since) if call.acted
    ]
    assert delivered == list(properties.values())


@pytest.mark.parametrize("mapped", [{"who": "u-1"}, {"userId": "u-1", "event": "order"}, {}])
def test_data_that_is_not_the_whole_event(box: Sandbox, mapped: dict[str, str]) -> None:
    """Data that is not the whole event is ignored, with a hint where in Segment it is set."""
    for body, signed in ((encode(mapped), None), (array(encode(mapped)), encode(mapped))):
        reply = box.segment.send_signed(body, signed)
        assert (reply.status, reply.body["ignored"]) == (200, 1)
        assert "mapping's Data" in reply.body["events"][0]["hint"]


@pytest.mark.parametrize("text", [b"type=track&userId=u", b'[{"body":"type=track"}]'])
def test_a_form_is_told_from_json(box: Sandbox, text: bytes) -> None:
    """A form is refused with a hint, alone and in a batch."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = box.segment.send_signed(text, headers=headers)
    assert (reply.status, reply.body["error"]["code"]) == (400, "form_encoded")
    assert "Content-Type" in reply.body["error"]["hint"]


def test_a_body_that_is_base64_in_itself(box: Sandbox, track: Track) -> None:
    """A body that Segment itself sent in base64 is refused: only API Gateway's is decoded."""
    body = base64.b64encode(encode(track()))
    reply = box.segment.send_signed(body)
    assert (reply.status, reply.body["error"]["code"]) == (400, "not_json")
    headers = {"content-type": "application/cloudevents+json"}
    reply = box.segment.send_signed(encode(track()), headers=headers)
    assert reply.body["delivered"] == 1
