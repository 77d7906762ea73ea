"""The dead letter: what a message in either queue says, and how it is written and read.

The attributes hold what decides about the delivery, so that a body that can't be read, or that
kills the function, can be claimed and counted first. The body holds the event as it was sent and
the request as it was mapped, in JSON, escaped to ASCII (SQS refuses some code points):

    {"action": "trackEvent",
     "request": {"method": "POST", "path": "/events/invoke", "body": {…}},
     "event": {…}}

    MessageUnreadable    not a message of this bridge, or of a newer one
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.plan import Request
from segment_rehook.segment import jsontext
from segment_rehook.segment.slices import elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.delivery.queues.transport import Received

SCHEMA = "1"
MAX_ATTRIBUTE_CHARACTERS = 1_000
# What fits into the dead-letter queue must fit into the parking lot, where a detail is added.
PARKING_ROOM = 2 * MAX_ATTRIBUTE_CHARACTERS

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NOT_IN_SQS = re.compile(r"[^\x20-\x7e]")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


class MessageUnreadable(Exception):
    """Not a message of this bridge's making; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a message's attributes say.

    `token` and `nonce`: of the claim under which it was sent; 0 and empty where it was stored
    without one. `parked_token`: only of a parked message, the token under which it was parked (the
    attribute `epoch`). `user` is a hash. `mark`: the name of the user's mark that this message
    clears (see `ingest.user_marks`). `resend`: an operator wants the stored request sent, not the
    event mapped anew.
    """

    delivery: str
    user: str
    content: str
    reason: str
    token: int = 0
    nonce: str = ""
    mark: str = ""
    parked_token: int | None = None
    detail: str = ""
    resend: bool = False

    @property
    def subscription(self) -> str:
        """The subscription's id, which is part of the delivery's."""
        return ids.subscription_of(self.delivery)

    def attributes(self) -> dict[str, str]:
        """As SQS message attributes; at most ten are allowed, and none may be empty."""
        values = {
            "schema": SCHEMA,
            "delivery": self.delivery,
            "user": self.user,
            "content": self.content,
            "reason": self.reason,
            "token": str(self.token),
            "nonce": self.nonce,
            "mark": self.mark,
            "epoch": "" if self.parked_token is None else str(self.parked_token),
            "detail": _NOT_IN_SQS.sub("?", self.detail)[:MAX_ATTRIBUTE_CHARACTERS],
            "send": "stored" if self.resend else "",
        }
        return {name: value for name, value in values.items() if value}

    @classmethod
    def read(cls, attributes: Mapping[str, str]) -> Header:
        """Raises MessageUnreadable."""
        if attributes.get("schema") != SCHEMA:
            raise MessageUnreadable("no attribute `schema` of a version that is known here")
        missing = {"delivery", "user", "content", "reason"} - attributes.keys()
        if missing:
            raise MessageUnreadable(f"attributes missing: {', '.join(sorted(missing))}")
        numbers = {name: attributes[name] for name in ("token", "epoch") if name in attributes}
        if not all(_WHOLE_NUMBER.fullmatch(number) for number in numbers.values()):
            raise MessageUnreadable("the attributes `token` and `epoch` must be whole numbers")
        return cls(
            delivery=attributes["delivery"],
            user=attributes["user"],
            content=attributes["content"],
            reason=attributes["reason"],
            token=int(numbers.get("token", "0")),
            nonce=attributes.get("nonce", ""),
            mark=attributes.get("mark", ""),
            parked_token=int(numbers["epoch"]) if "epoch" in numbers else None,
            detail=attributes.get("detail", ""),
            resend=attributes.get("send") == "stored",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A delivery that waits, or that was given up. `event` is its JSON text.

    `request` is None where there was nothing to send: mapping it failed.
    """

    header: Header
    action: str
    request: Request | None
    event: bytes = field(repr=False)

    def for_dead_letters(self, *, ordered: bool) -> Outgoing:
        """For the dead-letter queue: in its user's group, or in its own where order is off."""
        return Outgoing(
            group=self.header.user if ordered else ids.delivery_group(self.header.delivery),
            dedupe=ids.dead_letter_dedupe(
                self.header.delivery, self.header.content, self.header.nonce
            ),
            body=self._body(),
            attributes=self.header.attributes(),
            room=PARKING_ROOM,
        )

    def for_parking(self, reason: str, detail: str) -> Outgoing:
        """For the parking lot, under the claim that the header names: in a group of its own."""
        return parked(self.header, self._body(), reason=reason, detail=detail)

    def _body(self) -> str:
        request = "null"
        if self.request is not None:
            head = json.dumps({"method": self.request.method, "path": self.request.path})
            request = f'{head[:-1]}, "body": {_ascii(self.request.body)}}}'
        action = json.dumps(self.action)
        return f'{{"action": {action}, "request": {request}, "event": {_ascii(self.event)}}}'


def parked(header: Header, body: str, *, reason: str, detail: str, dedupe: str = "") -> Outgoing:
    """A message for the parking lot, its body as it is: it need not be readable.

    `header` names the claim under which it is parked. If that claim's end goes unrecorded, the
    message itself says that its holder was done with it.
    """
    kept = replace(
        header, parked_token=header.token, reason=reason, detail=detail, resend=False, mark=""
    )
    return Outgoing(
        group=ids.delivery_group(header.delivery),
        dedupe=dedupe or ids.parked_dedupe(header.delivery, header.token),
        body=body,
        attributes=kept.attributes(),
    )


class _Request(msgspec.Struct):
    method: str
    path: str
    body: msgspec.Raw


class _Body(msgspec.Struct):
    action: str
    request: _Request | None
    event: msgspec.Raw


_decoder = msgspec.json.Decoder(_Body)


def read_body(header: Header, received: Received) -> Letter:
    """The whole letter, event and request byte for byte as they were. Raises MessageUnreadable."""
    text = received.body.encode(errors="surrogatepass")
    try:
        body = _decoder.decode(text)
    except ValueError:
        body = _read_slowly(text)
    request = None
    if body.request is not None:
        request = Request(body.request.method, body.request.path, _object(body.request.body))
    return Letter(header=header, action=body.action, request=request, event=_object(body.event))


def _read_slowly(text: bytes) -> _Body:
    """What msgspec refuses and JavaScript takes, such as a lone surrogate."""
    try:
        body = jsontext.decode(text)
    except jsontext.JsonError as error:
        raise MessageUnreadable("the body is not JSON") from error
    texts = _members(text)
    match body:
        case {"action": str(action), "request": None, "event": dict()}:
            request = None
        case {
            "action": str(action),
            "request": {"method": str(method), "path": str(path), "body": dict()},
            "event": dict(),
        }:
            content = _members(texts[b'"request"'])[b'"body"']
            request = _Request(method, path, msgspec.Raw(content))
        case _:
            raise MessageUnreadable("the body is not an object with action, request and event")
    return _Body(action, request, msgspec.Raw(texts[b'"event"']))


def _members(text: bytes) -> dict[bytes, bytes]:
    """The raw texts of an object's members, by the raw texts of their names."""
    pairs = (each.partition(b":") for each in elements(b"[" + text.strip()[1:-1] + b"]"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _object(raw: msgspec.Raw) -> bytes:
    text = bytes(raw)
    if not text.startswith(b"{"):
        raise MessageUnreadable("event and request's body must be objects")
    return text


def _ascii(text: bytes) -> str:
    """The same JSON in ASCII: beyond it, characters stand only within strings."""
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text.decode())
