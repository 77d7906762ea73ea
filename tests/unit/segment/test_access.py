"""Nobody gets in without a proof, and a proof that is given must be right."""

from __future__ import annotations

import contextlib
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.access import AccessNotConfigured, AccessRules, AccessToken
from segment_rehook.segment.refusal import RefusedAccess
from segment_rehook.segment.signature import coverages

EVENT = b'{"type":"track","messageId":"m"}'
BATCH = b"[" + EVENT + b',{"type":"identify"}]'
SECRETS = ["new-secret", "old-secret"]
TOKENS = ["token-one", "X-Api-Key: key-one", "Authorization: Basic dXNlcjpwYXNz"]


def signed(text: bytes, secret: str = "new-secret") -> dict[str, str]:
    """The header that Segment would send."""
    return {"x-signature": hmac.new(secret.encode(), text, hashlib.sha1).hexdigest()}


def refused(rules: AccessRules, headers: dict[str, str], body: bytes = EVENT) -> str:
    """Check a request that must be refused; give the code, hold the texts to be secret-free."""
    with pytest.raises(RefusedAccess) as caught:
        rules.check(headers, body)
    refusal = caught.value
    assert refusal.status == 401
    told = f"{refusal} {refusal.message} {refusal.hint} {refusal!r}"
    for secret in ("-secret", "token-", "key-one", "dXNlcjpwYXNz", *headers.values()):
        assert not secret or secret not in told
    return refusal.code


def test_without_secrets_and_tokens_the_door_is_closed() -> None:
    """An unconfigured stack lets nobody in, and it is not the request's fault."""
    for rules in (AccessRules(), AccessRules.from_lines(["", "  "], ["\t"])):
        for headers in ({}, signed(EVENT, ""), {"authorization": "Bearer "}):
            with pytest.raises(AccessNotConfigured):
                rules.check(headers, EVENT)


def test_a_signature_lets_in() -> None:
    """Under any live secret; not under another, nor over another body."""
    rules = AccessRules.from_lines(SECRETS, [])
    rules.check(signed(EVENT), EVENT)
    rules.check(signed(EVENT, "old-secret"), EVENT)
    rules.check(signed(EVENT), BATCH)
    assert refused(rules, signed(EVENT, "older")) == "signature_wrong"
    assert refused(rules, signed(BATCH), EVENT) == "signature_wrong"
    assert refused(rules, {}) == "signature_missing"
    assert refused(rules, {"authorization": "Bearer token-one"}) == "signature_missing"
    assert refused(rules, {"x-signature": "sha1=" + "a" * 40}) == "signature_malformed"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer token-one"},
        {"authorization": "Token token-one"},
        {"authorization": "token-one"},
        {"authorization": "Bearer  token-one "},
        {"x-api-key": "key-one"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"x-api-key": "wrong", "authorization": "Bearer token-one"},
    ],
)
def test_a_token_lets_in(headers: dict[str, str]) -> None:
    """In Authorization behind any scheme or none, or in a header of the user's choice."""
    AccessRules.from_lines([], TOKENS).check(headers, EVENT)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "token_missing"),
        ({"x-other": "token-one"}, "token_missing"),
        ({"authorization": "Bearer token-tw"}, "token_wrong"),
        ({"authorization": "Bearer"}, "token_wrong"),
        ({"authorization": ""}, "token_wrong"),
        ({"authorization": "Bearer key-one"}, "token_wrong"),
        ({"authorization": "dXNlcjpwYXNz"}, "token_wrong"),
        ({"x-api-key": "Bearer key-one"}, "token_wrong"),
        ({"x-api-key": "token-one"}, "token_wrong"),
        ({"authorization": "Bearer token-one,Bearer token-one"}, "token_wrong"),
        ({"authorization": "Bearer tökén \ud800"}, "token_wrong"),
    ],
)
def test_a_wrong_or_missing_token_does_not(headers: dict[str, str], code: str) -> None:
    """Another stack's token, another header's token, an odd header: each is refused by name."""
    assert refused(AccessRules.from_lines([], TOKENS), headers) == code


def test_either_is_enough_and_what_is_given_must_be_right() -> None:
    """With both kinds known, one proof lets in, but no wrong one may stand beside it."""
    rules = AccessRules.from_lines(SECRETS, TOKENS)
    token, wrong_token = {"x-api-key": "key-one"}, {"x-api-key": "of-another-stack"}
    wrong = {"x-signature": "0" * 40}
    rules.check(signed(EVENT), EVENT)
    rules.check(token, EVENT)
    rules.check(signed(EVENT) | token, EVENT)
    assert refused(rules, {}) == "credentials_missing"
    assert refused(rules, wrong | token) == "signature_wrong"
    assert refused(rules, signed(EVENT) | wrong_token) == "token_wrong"
    assert refused(rules, {"x-signature": "xyz"} | token) == "signature_malformed"


def test_a_batch_may_need_the_token() -> None:
    """A signed first event says nothing of its siblings; the token does, or a whole body signed."""
    rules = AccessRules.from_lines(SECRETS, TOKENS, batches_need_token=True)
    token = {"x-api-key": "key-one"}
    rules.check(signed(EVENT), EVENT)
    rules.check(token, BATCH)
    rules.check(signed(EVENT) | token, BATCH)
    rules.check(signed(BATCH), BATCH)
    for body in (BATCH, b" \n" + BATCH, b"[" + EVENT + b"]"):
        assert refused(rules, signed(EVENT), body) == "batch_token_missing"


def test_batches_that_need_a_token_nobody_knows_are_the_stacks_fault() -> None:
    """Segment should try again until the token is put; a stranger is told only the usual."""
    rules = AccessRules.from_lines(SECRETS, [], batches_need_token=True)
    rules.check(signed(EVENT), EVENT)
    with pytest.raises(AccessNotConfigured):
        rules.check(signed(EVENT), BATCH)
    assert refused(rules, signed(EVENT, "x"), BATCH) == "signature_wrong"


def test_nothing_secret_is_printed() -> None:
    """Rules and tokens end up in tracebacks and debuggers."""
    rules = AccessRules.from_lines(SECRETS, TOKENS)
    for shown in (repr(rules), str(rules), repr(rules.tokens), f"{rules.tokens[0]}"):
        assert not any(secret in shown for secret in ("secret-", "-secret", "one", "dXN"))


@pytest.mark.parametrize(
    ("line", "header", "value"),
    [
        ("abc", "authorization", b"abc"),
        ("user:pass", "authorization", b"user:pass"),
        ("Bearer abc", "authorization", b"Bearer abc"),
        ("X-Key: a b: c", "x-key", b"a b: c"),
        ("AUTHORIZATION:\tabc", "authorization", b"abc"),
    ],
)
def test_a_token_is_written_as_a_header_or_bare(line: str, header: str, value: bytes) -> None:
    """A name, a colon and a blank make a header; anything else is a bare value."""
    assert AccessToken.from_line(line) == AccessToken(header, value)


def test_blanks_around_secrets_and_tokens_do_not_count() -> None:
    """Parameters are edited by hand: line ends of Windows, blank lines, trailing blanks."""
    rules = AccessRules.from_lines(
        [" new-secret \r", "", "\told-secret"], ["token-one \r", " X-Api-Key:  key-one\t"]
    )
    for headers in (
        signed(EVENT),
        signed(EVENT, "old-secret"),
        {"authorization": "Bearer token-one"},
        {"authorization": " Bearer  token-one  "},
        {"x-api-key": " key-one "},
    ):
        rules.check(headers, EVENT)


def test_every_token_is_asked_whatever_another_proof_says() -> None:
    """Neither a wrong signature nor a right token spares the rest: time tells nothing of them."""
    asked: list[bytes] = []

    class Watched(AccessToken):
        def matches(self, sent: str) -> bool:
            asked.append(self.value)
            return super().matches(sent)

    values = [b"token-one", b"token-two"]
    rules = AccessRules((b"new-secret",), tuple(Watched("authorization", each) for each in values))
    for signature in (signed(EVENT), signed(EVENT, "wrong")):
        for token in ("token-one", "token-two", "wrong"):
            asked.clear()
            with contextlib.suppress(RefusedAccess):
                rules.check(signature | {"authorization": f"Bearer {token}"}, EVENT)
            assert asked == values


@pytest.mark.parametrize("sent", ["token-one", "Bearer token-one", "Bearer wrong"])
def test_a_token_is_compared_in_both_readings_whichever_is_right(sent: str) -> None:
    """A token is compared with the whole header and with what stands behind a scheme, always.

    Otherwise the time of an answer would tell which of the two was right.
    """
    compared: list[str] = []

    class Watched(AccessToken):
        @property
        def value(self) -> bytes:
            compared.append(sent)
            return b"token-one"

        @value.setter
        def value(self, _given: bytes) -> None:
            """Leave it as it is."""

    assert Watched("authorization", b"").matches(sent) is ("wrong" not in sent)
    assert len(compared) == 2


def test_the_credentials_that_match_are_named_by_their_position() -> None:
    """Which secret and which token a request has is told by position, and by no value."""
    rules = AccessRules.from_lines(["old-secret", "new-secret"], ["first-token", "X-Team: second"])
    both = signed(EVENT) | {"x-team": "second"}

    assert rules.check(signed(EVENT), EVENT) == ("secret-2",)
    assert rules.check(signed(EVENT, "old-secret"), BATCH) == ("secret-1",)
    assert rules.check({"authorization": "Bearer first-token"}, BATCH) == ("token-1",)
    assert rules.check(both, EVENT) == ("secret-2", "token-2")
    assert rules.check(both | {"authorization": "wrong"}, EVENT) == ("secret-2", "token-2")


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True), st.data())
def test_a_signature_covers_under_its_own_secret_only(
    secrets: list[str], data: st.DataObject
) -> None:
    """Of several secrets exactly the one that signed matches, wherever it stands."""
    keys = [secret.encode(errors="surrogatepass") for secret in secrets]
    number = data.draw(st.integers(0, len(keys) - 1))
    found = coverages(hmac.digest(keys[number], EVENT, "sha1"), keys, EVENT)

    assert [each > 0 for each in found] == [place == number for place in range(len(keys))]
