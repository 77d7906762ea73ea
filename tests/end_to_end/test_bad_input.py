"""What can't be taken: each gets its answer and a reason, none a 500, nothing else is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import rewards
from tools.sandbox.segment import Reply, encode, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]


def refused(reply: Reply, status: int, code: str) -> None:
    """Assert an answer that refuses the request and says what to do."""
    assert (reply.status, reply.body["error"]["code"]) == (status, code)
    assert reply.body["error"]["message"]
    assert reply.body["error"]["hint"]


def outcome(reply: Reply, place: int = 0) -> tuple[str, str | None]:
    """What became of one event, and the reason of its first delivery."""
    assert reply.status == 200
    event = reply.body["events"][place]
    reason = event["deliveries"][0].get("reason") if event["deliveries"] else None
    return event["outcome"], reason


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no json", "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": 1', "not_json"),
        (b'"text"', "not_an_object"),
        (b"5", "not_an_object"),
        (b"null", "not_an_object"),
        (b"[]", "empty_batch"),
        (b'["a", 1]', "not_an_object"),
        (b"   ", "empty_body"),
        (b"", "empty_body"),
    ],
)
def test_a_body_that_can_never_be_good(box: Sandbox, body: bytes, code: str) -> None:
    """A body that can never be read is answered 400, so that Segment does not send it again."""
    refused(box.segment.send_signed(body), 400, code)


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (None, "signature_missing"),
        ("0" * 40, "signature_wrong"),
        ("g" * 40, "signature_malformed"),
        ("0" * 39, "signature_malformed"),
        ("0" * 42, "signature_malformed"),
        ("é" * 40, "signature_malformed"),
        ("", "signature_malformed"),
    ],
)
def test_a_signature_that_is_not_segments(
    box: Sandbox, track: Track, user: str, signature: str | None, code: str
) -> None:
    """A missing, wrong or malformed signature is answered 401, and nothing is delivered."""
    headers = {} if signature is None else {"x-signature": signature.encode().decode("latin-1")}
    refused(box.segment.send_raw(encode(track()), headers), 401, code)
    assert rewards(box, user) == 0


def test_a_signature_of_another_body(box: Sandbox, track: Track) -> None:
    """A signature of another body is answered 401."""
    refused(box.segment.send_signed(encode(track()), encode(track())), 401, "signature_wrong")


def test_a_body_in_base64(box: Sandbox, track: Track) -> None:
    """A body without a content type, which API Gateway gives in base64, is delivered."""
    body = encode(track())
    headers = {"x-signature": sign(box.shared_secret, body), "content-type": ""}
    assert outcome(box.segment.send_raw(body, headers)) == ("delivered", None)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, "form_encoded"),
        ({"content-type": "image/png"}, "content_type"),
        ({"content-type": "application/json; charset=utf-16"}, "charset"),
        ({"content-encoding": "gzip"}, "compressed_body"),
    ],
)
def test_another_content_type(
    box: Sandbox, track: Track, headers: dict[str, str], code: str
) -> None:
    """A body of another content type is answered 400 with a hint where in Segment it is set."""
    refused(box.segment.send_signed(encode(track()), headers=headers), 400, code)


def test_a_body_over_the_limit(box: Sandbox, track: Track) -> None:
    """A body over the limit is answered 413, by the bridge or by API Gateway before it."""
    reply = box.segment.send(track(properties={"text": "x" * 6_050_000}))
    refused(reply, 413, "body_too_large")
    assert box.segment.send(track(properties={"text": "x" * 11_000_000})).status == 413


def test_an_unknown_type(box: Sandbox, track: Track) -> None:
    """An event of an unknown type is ignored."""
    assert outcome(box.segment.send(track(type="telepathy"))) == ("ignored", None)


def test_without_a_message_id(box: Sandbox, track: Track, user: str) -> None:
    """An event without a messageId is known by its timestamp; without both it is dropped."""
    event = track()
    del event["messageId"]
    assert outcome(box.segment.send(event)) == ("delivered", None)
    assert outcome(box.segment.send(event))[0] == "duplicate"
    del event["timestamp"]
    assert outcome(box.segment.send(event)) == ("dropped", "missing_message_id")
    assert rewards(box, user) == 1


def test_user_ids(box: Sandbox, track: Track) -> None:
    """A userId that is a number becomes its text; an empty, null or missing one is dropped."""
    assert outcome(box.segment.send(track(userId=4711))) == ("delivered", None)
    assert rewards(box, "4711") == 1
    assert outcome(box.segment.send(track(userId=""))) == ("dropped", "missing_user_id")
    anonymous = track(userId=None, anonymousId="a-1")
    assert outcome(box.segment.send(anonymous)) == ("dropped", "missing_user_id")
    del anonymous["userId"]
    assert outcome(box.segment.send(anonymous)) == ("dropped", "missing_user_id")


def test_a_single_event_nested_too_deep(box: Sandbox, track: Track) -> None:
    """An event that is nested too deep is dropped with its reason."""
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    body = encode(track())[:-1] + b',"deep":' + deep + b"}"
    assert outcome(box.segment.send_signed(body)) == ("dropped", "too_deep")


def test_odd_but_legal_json(box: Sandbox, user: str) -> None:
    """Repeated keys (the last counts), lone surrogates and huge numbers are delivered."""
    body = (
        b'{"type":"page","type":"track","event":"order","messageId":"odd-%s","userId":"%s",'
        b'"properties":{"cut":"\\ud83d","big":1e999,"total":12345678901234567890}}'
    ) % (user.encode(), user.encode())
    assert outcome(box.segment.send_signed(body)) == ("delivered", None)
    [call] = [call for call in box.rehook.calls() if call.source_id == user]
    assert json.loads(call.body)["metadata"] == {
        "cut": "\ud83d",
        "big": None,
        "total": 12345678901234567890,
    }


def test_bad_elements_cost_nobody_else(box: Sandbox, track: Track, user: str) -> None:
    """In a batch bad elements are dropped with their reasons; the others are delivered in order."""
    good = [track(event="order") for _ in range(3)]
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    elements = [
        encode(good[0]),
        b'"a string"',
        b"null",
        b'{"type": "track", "userId": NaN}',
        encode(good[1]),
        deep,
        b"{}",
        encode(good[2]),
    ]
    reply = box.segment.send_signed(b"[" + b",".join(elements) + b"]", elements[0])
    expected = [
        ("delivered", None),
        ("dropped", "not_an_object"),
        ("dropped", "not_an_object"),
        ("dropped", "not_json"),
        ("delivered", None),
        ("dropped", "too_deep"),
    ]
    assert [outcome(reply, place) for place in range(6)] == expected
    assert outcome(reply, 7) == ("delivered", None)
    assert reply.body["received"] == len(elements)
    assert rewards(box, user) == 3


def test_drops_say_why(box: Sandbox, track: Track) -> None:
    """The answer names the field for which an event was dropped."""
    [event] = box.segment.send(track(userId="")).body["events"]
    assert "source_id" in event["deliveries"][0]["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/segment"), ("POST", "/"), ("DELETE", "/segment"), ("POST", "/health")],
)
def test_other_routes(box: Sandbox, method: str, path: str) -> None:
    """A route that is not in the template is answered 404."""
    url = box.segment.url
    box.segment.url = box.url + path
    try:
        assert box.segment.send_raw(b"", {}, method=method).status == 404
    finally:
        box.segment.url = url
