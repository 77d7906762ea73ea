"""Access rules: how a request proves that its sender may send events.

There are two kinds of proof: a signature under a shared secret, and a token in a header. A stack
has secrets, tokens or both. It may have several of each, so that they can be changed without
refusing a request. A stack with neither refuses every request. The rules:

- a proof that is given, of a kind that the stack has, must be right;
- at least one proof must be given;
- where batches need the token, a batch must have it, unless its signature covers the whole body:
  Segment signs only the first event of a batch, so anyone who has seen one signed event could send
  it again with forged events behind it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.segment.refusal import RefusedAccess
from segment_rehook.segment.signature import (
    Coverage,
    MalformedSignature,
    coverages,
    parse_signature,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SIGNATURE_HEADER = "x-signature"

_NAMED = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]+(.*)")


class AccessNotConfigured(Exception):
    """The stack has no secret or token that the request could be checked against."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A secret in a header: in `Authorization` after any scheme, or the whole of another header.

    `header` is in lower case. `value` is left out of the repr.
    """

    header: str
    value: bytes

    def __repr__(self) -> str:
        return f"AccessToken(header={self.header!r})"

    @classmethod
    def from_line(cls, line: str) -> AccessToken:
        """Read `X-My-Header: value`, `Authorization: Basic …`, or a bare value.

        A bare value is looked for in `Authorization`, with any scheme (`Bearer`, `Token`, …) or
        none before it.
        """
        named = _NAMED.fullmatch(line)
        header, value = named.groups() if named else ("authorization", line)
        return cls(header.lower(), value.strip().encode())

    def matches(self, sent: str) -> bool:
        """Compare with a header's value as sent, in a time that does not depend on either value."""
        value = sent.strip()
        _, _, behind_scheme = value.partition(" ")
        if self.header != "authorization":
            behind_scheme = ""
        whole = _same(value, self.value)
        return _same(behind_scheme.strip(), self.value) or whole


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The secrets and tokens in force, and whether batches need a token."""

    secrets: tuple[bytes, ...] = ()
    tokens: tuple[AccessToken, ...] = ()
    batches_need_token: bool = False

    def __repr__(self) -> str:
        return (
            f"AccessRules({len(self.secrets)} secrets, {len(self.tokens)} tokens,"
            f" batches_need_token={self.batches_need_token})"
        )

    @classmethod
    def from_lines(
        cls, secrets: Iterable[str], tokens: Iterable[str], *, batches_need_token: bool = False
    ) -> AccessRules:
        """Take secrets and tokens, one a line (see `AccessToken`); blank lines do not count."""
        return cls(
            tuple(line.strip().encode() for line in secrets if line.strip()),
            tuple(AccessToken.from_line(line.strip()) for line in tokens if line.strip()),
            batches_need_token,
        )

    def check(self, headers: Mapping[str, str], body: bytes) -> tuple[str, ...]:
        """Give the credentials that the request has, such as `secret-1` and `token-2`.

        Raises RefusedAccess and AccessNotConfigured if it may not be taken. The numbers are
        positions among the stack's secrets and tokens. `headers` have names in lower case. The body
        need not be JSON.
        """
        if not self.secrets and not self.tokens:
            raise AccessNotConfigured("the stack has neither a shared secret nor a token")
        covered = self._judge_signature(headers, body) if self.secrets else []
        matched = self._judge_token(headers) if self.tokens else []
        # Both are checked before either is refused: the time does not show which one was wrong.
        if isinstance(covered, RefusedAccess):
            raise covered
        if isinstance(matched, RefusedAccess):
            raise matched
        has_token = any(matched)
        if not has_token and not covered:
            raise self._nothing_given()
        self._check_batch(body, exempt=has_token or max(covered) is Coverage.WHOLE_BODY)
        return (*_numbered("secret", covered), *_numbered("token", matched))

    def _check_batch(self, body: bytes, *, exempt: bool) -> None:
        """Refuse a batch that needs a token. `exempt`: it has one, or is signed as a whole."""
        if not self.batches_need_token or exempt:
            return
        if body.lstrip(b" \t\n\r")[:1] != b"[":
            return
        if not self.tokens:
            raise AccessNotConfigured("batches need a token, and the stack has none")
        raise RefusedAccess(
            "batch_token_missing",
            "A batch needs the token: its signature covers only the first event.",
            "In Segment, add the token's header to the mapping's Headers, or switch batching off.",
        )

    def _judge_signature(
        self, headers: Mapping[str, str], body: bytes
    ) -> list[Coverage] | RefusedAccess:
        """Say what the signature covers under each secret; nothing if there is no signature."""
        header = headers.get(SIGNATURE_HEADER)
        if header is None:
            return []
        try:
            signature = parse_signature(header)
        except MalformedSignature as error:
            return RefusedAccess(
                "signature_malformed",
                f"X-Signature is no signature of Segment's: {error}.",
                "Segment sends 40 hexadecimal digits: the HMAC-SHA1 of the event.",
            )
        covered = coverages(signature, self.secrets, body)
        if max(covered) is Coverage.NOTHING:
            return RefusedAccess(
                "signature_wrong",
                "X-Signature does not match the body under any shared secret of this stack.",
                "Compare the destination's Shared Secret in Segment with this stack's; nothing"
                " may change the body on its way. Webhook Audiences with extra JSON fields"
                " signs other bytes than it sends: use a token instead.",
            )
        return covered

    def _judge_token(self, headers: Mapping[str, str]) -> list[bool] | RefusedAccess:
        """Say which tokens match; nothing if the request has none of their headers."""
        if not any(token.header in headers for token in self.tokens):
            return []
        matched = [
            token.header in headers and token.matches(headers[token.header])
            for token in self.tokens
        ]
        if sum(matched) == 0:
            return RefusedAccess(
                "token_wrong",
                "The token is not one of this stack's.",
                "Compare the header in the mapping's Headers in Segment with this stack's tokens.",
            )
        return matched

    def _nothing_given(self) -> RefusedAccess:
        if not self.tokens:
            return RefusedAccess(
                "signature_missing",
                "The request has no X-Signature header.",
                "Set the destination's Shared Secret in Segment to one of this stack's.",
            )
        if not self.secrets:
            return RefusedAccess(
                "token_missing",
                "The request has no token.",
                "Add the token's header to the mapping's Headers in Segment.",
            )
        return RefusedAccess(
            "credentials_missing",
            "The request has neither an X-Signature header nor a token.",
            "Set the destination's Shared Secret in Segment, or add the token to the mapping's"
            " Headers.",
        )


def _numbered(kind: str, matched: Sequence[bool | Coverage]) -> list[str]:
    """Name those that matched. It looks at all of them, at the last as at the first."""
    return [f"{kind}-{number}" for number, each in enumerate(matched, start=1) if each]


def _same(sent: str, expected: bytes) -> bool:
    # Hashes have the same length: comparing texts of different lengths ends early. A server may
    # decode odd header bytes to lone surrogates, which must not raise.
    digest = hashlib.sha256(sent.encode(errors="surrogatepass")).digest()
    return hmac.compare_digest(digest, hashlib.sha256(expected).digest())
