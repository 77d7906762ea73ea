"""Tests of secrets' values: the functions read what is put, and what can't work is refused."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.parameters import secrets_from
from segment_rehook.segment.access import AccessRules
from segment_rehook_cli.secrets.secret_values import MAX_BYTES, ValueRefused, cleaned, decoded

KEY, SECRET = "rehook/api-key", "rehook/api-secret"
SHARED, TOKENS = "segment/shared-secrets", "segment/tokens"
NAMES = (KEY, SECRET, SHARED, TOKENS)
GOOD = {KEY: "key", SECRET: "secret", SHARED: "shared"}


def put(name: str, content: bytes) -> str:
    """Return the value that would be put, for this input."""
    return cleaned(name, decoded(content))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "content",
    [
        b"s3cret",
        b"\xef\xbb\xbfs3cret\n",
        b"  s3cret \r\n",
        b"\xef\xbb\xbf\r\n\r\ns3cret\r\n",
        b"\xc2\xa0s3cret\xc2\xa0",
    ],
    ids=repr,
)
def test_what_an_editor_adds_is_taken_off(name: str, content: bytes) -> None:
    """A byte order mark, and blanks and empty lines around a secret, are removed."""
    assert put(name, content) == "s3cret"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        ("s3cret".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + "s3cret".encode("utf-16-be"), "UTF-16"),
        ("s3cret".encode("utf-16-le"), "line 1 contains a NUL"),
        ("s3cret".encode("utf-32-le"), "line 1 contains a NUL"),
        (b"\ns3cret\x00", "line 2 contains a NUL"),
        ("s3\u200bcret".encode(), "line 1 contains a control character or an invisible"),
        ("s3cret\u2060".encode(), "U+2060"),
        (" \ufeffs3cret".encode(), "contains a byte order mark"),
        ("s3\u00a0cret".encode(), "U+00A0"),
        ("s3\u202ecret".encode(), "U+202E"),
        ("s3\u3164cret".encode(), "U+3164"),
        ("s3\ufe0fcret".encode(), "U+FE0F"),
        (b"s3\tcret", "U+0009"),
        (b"s3\rcret", "U+000D"),
        (b"s3\x1b[Acret", "U+001B"),
        (b"s3\x7fcret", "U+007F"),
        (b"\n\ns3\xe9cret", "not UTF-8 text: see line 3"),
        (b"<s3cret>", "placeholder"),
        (b"your-s3cret", "placeholder"),
        (b"${S3CRET}", "placeholder"),
        (b"changeme s3cret", "placeholder"),
        (b"s3cret" * 700, f"an SSM parameter can have {MAX_BYTES}"),
    ],
    ids=repr,
)
def test_what_can_not_work_is_refused(name: str, content: bytes, said: str) -> None:
    """A refusal gives the reason and the line, and no part of the value."""
    with pytest.raises(ValueRefused) as caught:
        put(name, content)
    text = str(caught.value)
    assert said in text
    assert "cret" not in text.lower()


@pytest.mark.parametrize("name", [KEY, SECRET])
def test_half_a_pair_is_one_line(name: str) -> None:
    """A file with key and secret on two lines is refused."""
    with pytest.raises(ValueRefused, match="must have one line, not 2"):
        put(name, b"key\nsecret\n")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (KEY, "key:secret", "colon"),
        (SECRET, "se…cret", "HTTP Basic cannot carry"),
        (SHARED, "one\n\nchangeme", "placeholder in line 3"),
        (TOKENS, "good\nX-Api-Key:abc", "line 2 has a colon"),
        (TOKENS, "X-Api-Key : abc", "line 1 has a colon"),
        (TOKENS, "Authorization:", "line 1 has a colon"),
        (TOKENS, "Authorization:Bearer abc", "line 1 has a colon"),
        (TOKENS, "user:password", "write `Authorization: ` before the token"),
        (TOKENS, "tökén", "line 1 is not ASCII"),
        (TOKENS, "X-Clé: abc", "line 1 is not ASCII"),
        (TOKENS, "X-Signature: abc", "Segment's signature"),
        (TOKENS, "X Api Key: abc", "line 1 has a colon"),
        (TOKENS, ": abc", "line 1 has a colon"),
        (TOKENS, "Content-Type: abc", "line 1 names a header that is not secret"),
        (TOKENS, "good\nHost: abc", "line 2 names a header that is not secret"),
    ],
)
def test_each_secret_has_rules_of_its_own(name: str, content: str, said: str) -> None:
    """Each secret is refused if the functions refuse it or no request could match it."""
    with pytest.raises(ValueRefused, match=r"^(?!.*abc).*" + said):
        put(name, content.encode())


def test_a_shared_secret_may_hold_any_letter() -> None:
    """A shared secret with non-ASCII characters is accepted and verifies a signature."""
    value = put(SHARED, "pä$$wörd mit Blank:字".encode())
    body = b"{}"
    signature = hmac.digest(value.encode(), body, "sha1").hex()
    AccessRules.from_lines([value], []).check({"x-signature": signature}, body)


def test_a_key_pair_may_hold_what_http_basic_can() -> None:
    """An API secret may have Latin-1 characters and a colon."""
    assert put(SECRET, "sé:cret".encode()) == "sé:cret"


@pytest.mark.parametrize(
    ("line", "header", "sent"),
    [
        ("abc", "authorization", "Bearer abc"),
        ("Bearer abc", "authorization", "Bearer abc"),
        ("X-Api-Key: a:b", "x-api-key", "a:b"),
        ("Authorization: user:password", "authorization", "Token user:password"),
        ("dXNlcjpwYXNz==", "authorization", "Basic dXNlcjpwYXNz=="),
    ],
)
def test_a_token_that_is_put_lets_in(line: str, header: str, sent: str) -> None:
    """A token in each form that a refusal recommends lets a request in."""
    value = put(TOKENS, line.encode())
    AccessRules.from_lines([], value.split("\n")).check({header: sent}, b"{}")


_LINES = st.lists(st.text(max_size=12), max_size=3).map("\n".join)


@given(name=st.sampled_from(NAMES), text=_LINES, mark=st.booleans())
def test_what_is_put_the_functions_read_as_it_was_put(name: str, text: str, mark: bool) -> None:
    """Any input is refused, or put as a value that the functions read in full."""
    content = (b"\xef\xbb\xbf" if mark else b"") + text.encode("utf-8", "surrogatepass")
    try:
        value = put(name, content)
    except ValueRefused:
        return
    read, warnings = secrets_from({**GOOD, name: value}, "/segment-rehook/prod")
    assert warnings == []
    as_read = {
        KEY: read.api_key,
        SECRET: read.api_secret,
        SHARED: "\n".join(read.shared_secrets),
        TOKENS: "\n".join(read.tokens),
    }[name]
    assert as_read == "\n".join(dict.fromkeys(value.split("\n")))
    # And what the functions make of the file as it was is the same.
    raw, _ = secrets_from({**GOOD, name: content.decode()}, "/segment-rehook/prod")
    assert raw.api_key == read.api_key
    assert (raw.api_secret, raw.shared_secrets, raw.tokens) == (
        read.api_secret,
        read.shared_secrets,
        read.tokens,
    )
