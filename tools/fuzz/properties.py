"""What must hold when a webhook request is received, for any body; checks one body at a time."""

from __future__ import annotations

import hmac
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.segment.access import AccessRules
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import MAX_DEPTH, decode, encode
from segment_rehook.segment.message_id import MAX_MESSAGE_ID_CHARACTERS
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.segment.envelope import Envelope

Receive: TypeAlias = "Callable[[str, dict[str, str], bytes, AccessRules], Envelope]"
"""Reads a request or raises Refusal, as `segment_rehook.segment.webhook.receive` does."""

SECRET = b"secret"
RULES = AccessRules.from_lines([SECRET.decode()], ["token"])
TOKEN = {"authorization": "Bearer token"}
MAX_CHANCE_BYTES = 10
"""A body shorter than this may occur in a message by chance."""

MAX_SECONDS_PER_BYTE, MAX_FIXED_SECONDS = 5e-6, 0.5
"""For several passes under instrumentation. Without it, one pass takes at most 0.3 µs per byte."""

SEEDS = [
    b'{"type":"track","messageId":"m","properties":{"a":[1,-0,1e21,"\\ud83d\\ude00"]}}',
    b'[{"type":"track","messageId":"m"},{"type":"identify","traits":{"a":1,"a":2}}]',
    b'[{"json":{"type":"track"}},{"json":null},null,NaN]',
    b'[{"a":"\\ud800"},{"b":1e999},{"c":"\xff"},{"d":]},"],["]',
    b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}",
    b'[{"a":' + b"{" * 200 + b"]",
    b"9" * 400,
]
PIECES = [
    *(bytes([character]) for character in b'[]{},:"\\ \n019.-eEtu\xff\xed'),
    *[b'{"json":', b'"messageId":', b'"type":"track"', b'"\\ud800"', b"1e999", b"NaN", b"null"],
    *SEEDS,
]


class PropertyViolated(Exception):
    """A property does not hold; the text names it."""


def check(
    body: bytes, *, receive: Receive = receive, clock: Callable[[], float] = time.thread_time
) -> None:
    """Receive a body without credentials, with a token, and signed. Raises PropertyViolated.

    `receive`: the function under test. `clock`: gives seconds, by default the CPU time of this
    thread, which does not depend on the load of the machine.
    """
    started = clock()
    refused = _status(receive, body, {"x-signature": "0" * 40})
    _must(refused == HTTPStatus.UNAUTHORIZED, "a wrong signature is not refused")
    status = _status(receive, body, TOKEN)
    signed = {"x-signature": hmac.digest(SECRET, body, "sha1").hex()}
    _must(status == _status(receive, body, signed), "token and signature differ")
    _must(
        status in {None, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE},
        "unexpected status",
    )
    if status is None:
        _check_events(receive, body, receive("POST", TOKEN, body, RULES))
    spent = clock() - started
    _must(spent < MAX_FIXED_SECONDS + len(body) * MAX_SECONDS_PER_BYTE, f"{spent:.1f} s")


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 — reads as an assertion
    if not holds:
        raise PropertyViolated(what)


def _status(receive: Receive, body: bytes, headers: dict[str, str]) -> int | None:
    try:
        receive("POST", headers, body, RULES)
    except Refusal as refusal:
        told = f"{refusal.message} {refusal.hint}"
        _must(
            len(body) < MAX_CHANCE_BYTES or body.decode("latin-1") not in told, "the body is quoted"
        )
        return refusal.status
    return None


def _check_events(receive: Receive, body: bytes, envelope: Envelope) -> None:
    for element in envelope.elements:
        if isinstance(element, Event):
            _check_event(element)
    first = envelope.elements[0]
    if envelope.batch and isinstance(first, Event):
        signature = {"x-signature": hmac.digest(SECRET, first.raw, "sha1").hex()}
        _must(_status(receive, body, signature) is None, "a signed first event is not let in")


def _check_event(event: Event) -> None:
    members = event.members()
    # Compared by their repr: -0.0 and 0.0, or 1 and 1.0, are equal without being the same.
    _must(repr(decode(event.raw)) == repr(members), "members differ from the event")
    identity = event.message_id
    _must(
        identity is None or 1 <= len(identity) <= MAX_MESSAGE_ID_CHARACTERS, "unexpected messageId"
    )
    _must(encode(decode(encode(members))) == encode(members), "encoding again gives other bytes")
    for name in members:
        passed = event.passable(name)
        if passed is not None:
            _must(
                repr(json.loads(passed)) == repr(members[name]),
                "the text that is passed on has another value",
            )
