"""A signature is checked over raw bytes, in each of the forms that Segment signs."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.signature import (
    MAX_FIRST_ELEMENT_BYTES,
    Coverage,
    MalformedSignature,
    coverage,
    parse_signature,
    signatures,
    unwrap,
)

FIRST = '{"type":"track","n":1e+21,"s":"\u2028\\ud83d","\\u007f":-0}'.encode()
SECOND = b'{"type":"identify"}'


def sign(text: bytes, secret: bytes = b"secret") -> bytes:
    """Sign as Segment does."""
    return hmac.new(secret, text, hashlib.sha1).digest()


@pytest.mark.parametrize(
    ("body", "signed", "covered"),
    [
        (FIRST, FIRST, Coverage.WHOLE_BODY),
        (b"[" + FIRST + b"," + SECOND + b"]", FIRST, Coverage.FIRST_EVENT),
        (b" [ " + FIRST + b" , " + SECOND + b" ] ", FIRST, Coverage.FIRST_EVENT),
        (b"[" + FIRST + b"]", FIRST, Coverage.FIRST_EVENT),
        (b'[{"json":' + FIRST + b'},{"json":' + SECOND + b"}]", FIRST, Coverage.FIRST_EVENT),
        (b'[{ "json" : ' + FIRST + b" }]", FIRST, Coverage.FIRST_EVENT),
        (b'[{"json":' + FIRST + b"}]", b'{"json":' + FIRST + b"}", Coverage.FIRST_EVENT),
        (
            b"[" + FIRST + b"," + SECOND + b"]",
            b"[" + FIRST + b"," + SECOND + b"]",
            Coverage.WHOLE_BODY,
        ),
        (b"[" + FIRST + b"," + SECOND + b"]", SECOND, Coverage.NOTHING),
        (b"[" + SECOND + b"," + FIRST + b"]", FIRST, Coverage.NOTHING),
        (b'{"json":' + FIRST + b"}", FIRST, Coverage.NOTHING),
        (b'[{"json":' + FIRST + b',"x":1}]', FIRST, Coverage.NOTHING),
        (b'[{"x":1,"json":' + FIRST + b"}]", FIRST, Coverage.NOTHING),
        (FIRST + b" ", FIRST, Coverage.NOTHING),
        (b"[" + FIRST + b"x," + SECOND + b"]", FIRST, Coverage.NOTHING),
        (b"", b"", Coverage.WHOLE_BODY),
    ],
)
def test_what_a_signature_covers(body: bytes, signed: bytes, covered: Coverage) -> None:
    """A signature covers the whole body, or a batch's first event, bare or wrapped."""
    assert coverage(sign(signed), [b"secret"], body) is covered


def test_every_live_secret_counts() -> None:
    """While a secret is being changed, the old and the new one are both accepted."""
    for secret in (b"old", b"new"):
        assert coverage(sign(FIRST, secret), [b"old", b"new"], FIRST)
    assert not coverage(sign(FIRST, b"older"), [b"old", b"new"], FIRST)
    assert not coverage(sign(FIRST), [], FIRST)


def test_every_secret_is_tried_on_every_text() -> None:
    """The comparisons depend on the secrets and the body alone, not on what matches."""
    inner = b'{"json":' + FIRST + b"}"
    body = b"[" + inner + b"]"
    texts = {FIRST: Coverage.FIRST_EVENT, inner: Coverage.FIRST_EVENT, body: Coverage.WHOLE_BODY}
    expected = {
        (sign(text, secret), covered) for secret in (b"a", b"b") for text, covered in texts.items()
    }
    found = signatures([b"a", b"b"], body)
    assert {each for of_one_secret in found for each in of_one_secret} == expected
    assert [len(of_one_secret) for of_one_secret in found] == [3, 3]


def test_the_first_event_is_looked_for_within_a_bound() -> None:
    """The search for the end of the first element stops at the limit."""
    fits = b'{"a":"' + b"x" * (MAX_FIRST_ELEMENT_BYTES - 100) + b'"}'
    beyond = b'{"a":"' + b"x" * MAX_FIRST_ELEMENT_BYTES + b'"}'
    assert coverage(sign(fits), [b"secret"], b"[" + fits + b"]")
    assert not coverage(sign(beyond), [b"secret"], b"[" + beyond + b"]")
    assert coverage(sign(beyond), [b"secret"], beyond)


@pytest.mark.parametrize("header", ["ab" * 20, "AB" * 20, f"  {'0f' * 20}\t"])
def test_a_signature_is_forty_hexadecimal_digits(header: str) -> None:
    """Upper and lower case are both accepted."""
    assert parse_signature(header).hex() == header.strip().lower()


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "empty"),
        ("ab" * 19, "38 characters"),
        ("ab" * 32, "64 characters"),
        ("zz" * 20, "other than 0-9"),
        ("é" * 40, "other than 0-9"),
        ("\u0661" * 40, "other than 0-9"),
        ("\ud800" * 40, "other than 0-9"),
        ("ab " * 20, "59 characters"),
        (" a" * 20, "39 characters"),
        ("sha1=" + "ab" * 20, "prefix"),
        ("ab" * 20 + "," + "ab" * 20, "more than one"),
        ("ab" * 20 + ", ", "more than one"),
        ("a" * 1_000_000, "1000000 characters"),
    ],
)
def test_a_malformed_signature_says_what_is_wrong(header: str, told: str) -> None:
    """Each malformed header has an error that says why, without the value."""
    with pytest.raises(MalformedSignature, match=told) as caught:
        parse_signature(header)
    assert not header or header not in str(caught.value)


@given(st.text(st.characters(), max_size=60) | st.text("0123456789abcdefABCDEF", min_size=38))
def test_no_header_raises_anything_else(header: str) -> None:
    """Any header is a signature or raises MalformedSignature."""
    try:
        assert len(parse_signature(header)) == 20
    except MalformedSignature:
        assert not (len(header) == 40 and set(header) <= set("0123456789abcdefABCDEF"))


@given(st.binary(max_size=100))
def test_no_body_breaks_the_check(body: bytes) -> None:
    """Bytes of any kind are covered by their own signature and by no other."""
    assert coverage(sign(body), [b"secret"], body) is Coverage.WHOLE_BODY
    assert coverage(sign(body, b"other"), [b"secret"], body) is Coverage.NOTHING


def test_only_the_wrapper_is_unwrapped() -> None:
    """An object with another member behind `json` does not unwrap to valid JSON."""
    assert unwrap(b'{"json":{"a":1}}') == b'{"a":1}'
    assert unwrap(b'{ "json"\n: {"a":1} }') == b'{"a":1}'
    assert unwrap(b'{"jsonx":{"a":1}}') is None
    assert unwrap(b'{"a":{"json":1}}') is None
    assert unwrap(b'{"json":{"a":1}}]') is None
