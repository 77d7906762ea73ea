"""Sends events to a stack's webhook, signed as Segment signs them, and reads the answers.

    200                             each event's outcome
    503 with the events             some could be neither delivered nor stored: those again
    429, another 5xx, no answer     all of them again: the ledger knows what was delivered
    anything else                   WebhookRefused

WebhookRefused (Exception)      the webhook refuses the request; the text says how, and what to do
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from segment_rehook import __version__
from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.stack.safe_address import is_loopback, is_safe
from segment_rehook_cli.terminal.output import printable

__all__ = [
    "EventAnswer",
    "HttpReply",
    "Transport",
    "WebhookClient",
    "WebhookRefused",
    "https_transport",
    "said",
]

MAX_CONNECTIONS: Final = 32
READ_SECONDS: Final = 35
"""API Gateway answers within 30 s."""

_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500
_HINTS: Final = {
    401: "the secret is not one of this stack's: put it again (`segment-rehook secrets put`), or "
    "set SHARED_SECRET to one of them",
    403: "something before the stack refuses the request, such as a firewall: ask who runs it",
    404: "there is no webhook at this address: deploy the stack again",
}


class WebhookRefused(Exception):
    """The webhook refuses the request; sending it again is of no use."""


class HttpReply(msgspec.Struct, frozen=True):
    """An HTTP answer. Status 0 stands for none; `why` then says what broke."""

    status: int
    retry_after: str = ""
    body: bytes = b""
    why: str = ""


class EventAnswer(msgspec.Struct, frozen=True):
    """What became of one event. `reasons`: of its deliveries, without repetitions."""

    outcome: str
    reasons: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the event is neither delivered nor stored, and must be sent again."""
        return self.outcome == Outcome.FAILED


class Transport(Protocol):
    """Makes one request."""

    def __call__(self, body: bytes, signature: str) -> HttpReply:
        """Send a body with its signature. Raises nothing but KeyboardInterrupt."""


class WebhookClient:
    """One stack's webhook. `batches`: whether it takes several events in one request."""

    def __init__(self, transport: Transport, secret: str, *, batches: bool) -> None:
        self._transport = transport
        self._secret = secret.encode()
        self.batches = batches

    def send(self, events: Sequence[bytes]) -> list[EventAnswer] | HttpReply:
        """Send events in one request: as they are one by one, several as a batch.

        Gives their answers in order; or the reply, if none came or it settles no event. Raises
        WebhookRefused.
        """
        body = events[0] if len(events) == 1 else b"[" + b",".join(events) + b"]"
        # Segment signs a batch's first event only.
        reply = self._transport(body, hmac.digest(self._secret, events[0], "sha1").hex())
        found = _answers(reply, len(events))
        if found is not None:
            return found
        if reply.status in {0, _OK, _TOO_MANY} or reply.status >= _SERVER_ERROR:
            return reply
        raise WebhookRefused(_refusal(reply))


def https_transport(url: str) -> Transport:
    """Make requests with the AWS library's own HTTP: its certificates and proxies.

    Raises ValueError if the URL is neither https nor this machine's.
    """
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 — slow to import, few need it
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 — as above
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415 — as above
    from botocore.utils import get_environ_proxies  # noqa: PLC0415 — as above

    if not is_safe(url):
        raise ValueError("the webhook's address is not https")
    session = URLLib3Session(
        proxies={} if is_loopback(urlsplit(url).hostname) else get_environ_proxies(url),
        timeout=READ_SECONDS,
        max_pool_connections=MAX_CONNECTIONS,
    )

    def transport(body: bytes, signature: str) -> HttpReply:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"segment-rehook/{__version__} (replay)",
            "X-Signature": signature,
        }
        request = AWSRequest("POST", url, headers=headers, data=body)
        try:
            answer = session.send(request.prepare())
            content = answer.content
        except (BotoCoreError, OSError) as error:
            return HttpReply(0, why=f"no answer ({type(error).__name__})")
        return HttpReply(answer.status_code, answer.headers.get("Retry-After", ""), content)

    return transport


def said(reply: HttpReply) -> str:
    """Give a reply's status and the webhook's code for it, or why there is no reply."""
    error = _json(reply).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    status = reply.why or str(reply.status)
    return f"{status} {printable(code)}" if isinstance(code, str) else status


def _answers(reply: HttpReply, expected: int) -> list[EventAnswer] | None:
    """Read the events' outcomes; None if the body does not list each of them."""
    listed = _json(reply).get("events")
    if not isinstance(listed, list) or len(listed) != expected:
        return None
    found = [_answer(each) for each in listed]
    return None if None in found else [each for each in found if each is not None]


def _answer(entry: Any) -> EventAnswer | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("outcome"), str):
        return None
    reasons = [
        each["reason"]
        for each in entry.get("deliveries", ())
        if isinstance(each, dict) and isinstance(each.get("reason"), str)
    ]
    return EventAnswer(entry["outcome"], tuple(dict.fromkeys(reasons)))


def _refusal(reply: HttpReply) -> str:
    hint = _HINTS.get(reply.status)
    return f"the webhook refuses the events ({said(reply)})" + (f": {hint}" if hint else "")


def _json(reply: HttpReply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
