"""The door lets in what Segment sends and gives everyone else one plain answer."""

from __future__ import annotations

import gzip
import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.access import AccessRules
from segment_rehook.segment.envelope import Envelope
from segment_rehook.segment.event import Event
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import MAX_BODY_BYTES, receive

RULES = AccessRules.from_lines(["secret"], ["token"])
EVENT = b'{"type":"track","messageId":"m"}'
TOKEN = {"Authorization": "Bearer token"}


def signed(body: bytes, **headers: str) -> dict[str, str]:
    """Headers as Segment sends them."""
    signature = hmac.new(b"secret", body, hashlib.sha1).hexdigest()
    return {"Content-Type": "application/json", "X-Signature": signature} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }


def refused(
    headers: dict[str, str], body: bytes = EVENT, method: str = "POST", **limits: int
) -> tuple[int, str]:
    """Send what must be refused; give status and code."""
    with pytest.raises(Refusal) as caught:
        receive(method, headers, body, RULES, **limits)
    assert caught.value.message
    assert caught.value.hint
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "post"])
def test_a_signed_event_comes_in(method: str) -> None:
    """A signed event is taken by each method that Segment's mapping offers."""
    envelope = receive(method, signed(EVENT), EVENT, RULES)
    assert [element.raw for element in envelope.elements if isinstance(element, Event)] == [EVENT]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;Charset=UTF-8",
        'application/json; charset="utf8"; boundary=x',
        "application/vnd.segment+json",
        "text/plain",
        "text/json",
        "",
    ],
)
def test_json_comes_under_several_names(content_type: str | None) -> None:
    """A missing or unusual JSON content type is accepted."""
    headers = signed(EVENT)
    del headers["Content-Type"]
    if content_type is not None:
        headers["content-type"] = content_type
    assert receive("POST", headers, EVENT, RULES).elements


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("application/x-www-form-urlencoded", "form_encoded"),
        ("multipart/form-data; boundary=x", "form_encoded"),
        ("application/xml", "content_type"),
        ("text/html", "content_type"),
        ("json", "content_type"),
        ("application/json; charset=utf-16", "charset"),
        ("application/json; charset=iso-8859-1", "charset"),
        ("application/json; charset", "charset"),
    ],
)
def test_what_says_it_is_not_json_is_refused_with_a_hint(content_type: str, code: str) -> None:
    """A wrong content type is refused with a hint, even for an unknown sender."""
    assert refused({"Content-Type": content_type}) == (400, code)
    assert refused(signed(EVENT) | {"Content-Type": content_type}) == (400, code)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused_with_a_hint(encoding: str) -> None:
    """Segment never compresses; the hint says where that may come from."""
    body = gzip.compress(EVENT)
    assert refused(signed(body) | {"Content-Encoding": encoding}, body) == (400, "compressed_body")
    assert receive("POST", signed(EVENT) | {"Content-Encoding": "identity"}, EVENT, RULES).elements


def test_a_body_over_the_limit_is_refused_before_all_else() -> None:
    """The limit is the caller's; the default is what a Lambda function can be handed."""
    assert refused({}, b"x" * 11, max_body_bytes=10) == (413, "body_too_large")
    assert refused({}, b"x" * 10, max_body_bytes=10)[0] == 401
    assert refused({}, b"x" * (MAX_BODY_BYTES + 1)) == (413, "body_too_large")


def test_other_methods_are_refused() -> None:
    """Methods that Segment does not use are refused."""
    for method in ("GET", "DELETE", "", "POST "):
        assert refused(signed(EVENT), method=method) == (405, "method_not_allowed")


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"[1]", b"\xff", b"[" * 10_000])
def test_a_stranger_learns_nothing_of_the_body(body: bytes) -> None:
    """An unknown sender gets the same 401 for every body."""
    assert refused({}, body) == (401, "credentials_missing")
    assert refused({"x-signature": "0" * 40}, body) == (401, "signature_wrong")
    assert refused(signed(body), body)[0] == 400
    assert refused(TOKEN, body)[0] == 400


def test_headers_come_in_any_case() -> None:
    """Header names have any case, and a second value in another case is not ignored."""
    headers = {name.upper(): value for name, value in signed(EVENT).items()}
    assert receive("POST", headers, EVENT, RULES).elements
    twice = signed(EVENT) | {"x-signature": "0" * 40}
    assert refused(twice) == (401, "signature_malformed")
    assert refused(signed(EVENT) | {"x-signature": ""}) == (401, "signature_malformed")


def test_a_replayed_first_event_with_foreign_siblings() -> None:
    """A replayed first event with forged ones is taken only where batches need no token."""
    batch = b"[" + EVENT + b',{"type":"track","messageId":"foreign"}]'
    assert len(receive("POST", signed(EVENT), batch, RULES).elements) == 2
    strict = AccessRules.from_lines(["secret"], ["token"], batches_need_token=True)
    with pytest.raises(Refusal):
        receive("POST", signed(EVENT), batch, strict)
    assert len(receive("POST", signed(EVENT) | TOKEN, batch, strict).elements) == 2


def test_ten_thousand_keys_and_colliding_texts_are_read() -> None:
    """Wide objects and texts with colliding hashes are read."""
    keys = b",".join(b'"k%d":%d' % (number, number) for number in range(10_000))
    body = b'{"type":"track","properties":{' + keys + b"}," + keys + b"}"
    (event,) = receive("POST", signed(body), body, RULES).elements
    assert isinstance(event, Event)
    assert len(event.members()) == 10_002
    assert event.passable("properties") is not None


fragments = st.sampled_from(
    [*b'[]{},:"\\ 1', b'{"json":', b'"type":"track"', b'"\\ud800"', b"1e999", b"NaN", b"\xff"]
).map(lambda part: part if isinstance(part, bytes) else bytes([part]))


@given(
    st.binary(max_size=300) | st.lists(fragments, max_size=40).map(b"".join),
    st.sampled_from(["POST", "PUT", "PATCH", "GET", "?"]),
    st.dictionaries(
        st.sampled_from(["Content-Type", "content-type", "X-Signature", "Content-Encoding", "a"]),
        st.text(st.characters(), max_size=30)
        | st.sampled_from(["application/json; charset=utf-8", "gzip", "0" * 40]),
        max_size=4,
    ),
    st.sampled_from([{}, TOKEN]),
)
def test_whatever_is_sent_comes_in_or_is_refused(
    body: bytes, method: str, headers: dict[str, str], token: dict[str, str]
) -> None:
    """Any bytes are taken or refused, and every event that is taken can be read."""
    with suppress(Refusal):
        read_all(receive(method, headers | token, body, RULES))
    with suppress(Refusal):
        read_all(receive("POST", signed(body), body, RULES))


def read_all(envelope: Envelope) -> None:
    """Do with each event whatever can be done with it."""
    for element in envelope.elements:
        if isinstance(element, Event):
            for name in element.members():
                element.passable(name)
            assert element.message_id != ""
            assert element.type is None or not element.looks_mapped
