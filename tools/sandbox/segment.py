"""A client that encodes, signs and sends events as Segment's Webhooks (Actions) does."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS: Final = 10.0
"""How long Segment waits for an answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The webhook's answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The answer's body, which is a JSON object."""
        decoded: dict[str, Any] = json.loads(self.text)
        return decoded


def encode(event: object) -> bytes:
    """Encode an event as Segment does: compact JSON in UTF-8, without ASCII escapes."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: str, signed: bytes) -> str:
    """Return ``X-Signature``: HMAC-SHA1 in lower-case hex (SHA-1 is Segment's choice)."""
    return hmac.new(secret.encode(), signed, hashlib.sha1).hexdigest()


class Segment:
    """A Webhooks (Actions) destination with one URL; ``timeout`` is in seconds."""

    def __init__(self, url: str, secret: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self.secret = secret
        self._http = urllib3.PoolManager(retries=False, timeout=timeout, maxsize=64)

    def send(self, event: Mapping[str, Any]) -> Reply:
        """Send one event; the signature covers the body."""
        return self.send_signed(encode(event))

    def send_batch(self, events: Sequence[Mapping[str, Any]]) -> Reply:
        """Send a batch; the signature covers its first event only."""
        encoded = [encode(event) for event in events]
        return self.send_signed(b"[" + b",".join(encoded) + b"]", encoded[0])

    def send_signed(
        self,
        body: bytes,
        signed: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        method: str = "POST",
    ) -> Reply:
        """Send bytes with the signature of ``signed``, by default the whole body."""
        signature = sign(self.secret, body if signed is None else signed)
        return self.send_raw(body, {"x-signature": signature, **headers}, method=method)

    def send_raw(self, body: bytes, headers: Mapping[str, str], *, method: str = "POST") -> Reply:
        """Send bytes and headers unchanged, with Segment's content type unless one is given."""
        usual = {"content-type": "application/json", "user-agent": "Segment (Actions)"}
        response = self._http.request(method, self.url, body=body, headers={**usual, **headers})
        return Reply(
            response.status, dict(response.headers), response.data.decode("utf-8", "replace")
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
