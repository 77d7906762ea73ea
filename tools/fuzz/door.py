"""What must hold of the door, whatever bytes come: checked on one input at a time."""

from __future__ import annotations

import hmac
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.segment.access import AccessRules
from segment_rehook.segment.event import MESSAGE_ID_CHARACTERS, Event
from segment_rehook.segment.jsontext import MAX_DEPTH, decode, encode
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.segment.envelope import Envelope

Door: TypeAlias = "Callable[[str, dict[str, str], bytes, AccessRules], Envelope]"
"""What lets a request in, as `segment_rehook.segment.webhook.receive` does."""

SECRET = b"secret"
RULES = AccessRules.from_lines([SECRET.decode()], ["token"])
TOKEN = {"authorization": "Bearer token"}
QUOTABLE = 10
"""Bytes of a body that may stand in a message by chance."""

SECONDS_A_BYTE, SECONDS_AT_MOST_ON_TOP = 5e-6, 0.5
"""Several passes under instrumentation; without it the door takes some 0.3 µs a byte at worst."""

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


class Broken(Exception):
    """The door did what it must never do; the text names it."""


def check(
    body: bytes, *, door: Door = receive, clock: Callable[[], float] = time.thread_time
) -> None:
    """Send the bytes as a stranger, with a token and signed. Raises Broken where `door` errs.

    `clock` gives seconds; by default those of this thread's work, which no busy machine adds to.
    """
    started = clock()
    stranger = _status(door, body, {"x-signature": "0" * 40})
    _must(stranger == HTTPStatus.UNAUTHORIZED, "a stranger is told")
    status = _status(door, body, TOKEN)
    signed = {"x-signature": hmac.digest(SECRET, body, "sha1").hex()}
    _must(status == _status(door, body, signed), "token and signature differ")
    _must(
        status in {None, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}, "odd status"
    )
    if status is None:
        _check_events(door, body, door("POST", TOKEN, body, RULES))
    spent = clock() - started
    _must(spent < SECONDS_AT_MOST_ON_TOP + len(body) * SECONDS_A_BYTE, f"{spent:.1f} s")


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 — the condition is what it is about
    if not holds:
        raise Broken(what)


def _status(door: Door, body: bytes, headers: dict[str, str]) -> int | None:
    try:
        door("POST", headers, body, RULES)
    except Refusal as refusal:
        told = f"{refusal.message} {refusal.hint}"
        _must(len(body) < QUOTABLE or body.decode("latin-1") not in told, "the body is quoted")
        return refusal.status
    return None


def _check_events(door: Door, body: bytes, envelope: Envelope) -> None:
    for element in envelope.elements:
        if isinstance(element, Event):
            _check_event(element)
    first = envelope.elements[0]
    if envelope.batch and isinstance(first, Event):
        signature = {"x-signature": hmac.digest(SECRET, first.raw, "sha1").hex()}
        _must(_status(door, body, signature) is None, "a signed first event is not let in")


def _check_event(event: Event) -> None:
    members = event.members()
    # By their repr: -0.0 and 0.0, 1 and 1.0 are equal and not the same.
    _must(repr(decode(event.raw)) == repr(members), "members differ from the event")
    identity = event.message_id
    _must(identity is None or 1 <= len(identity) <= MESSAGE_ID_CHARACTERS, "odd messageId")
    _must(encode(decode(encode(members))) == encode(members), "writing is not stable")
    for name in members:
        passed = event.passable(name)
        if passed is not None:
            _must(repr(json.loads(passed)) == repr(members[name]), "passed on, but read otherwise")
