"""What a message in either queue says, and how it is written and read.

The attributes hold what a claim needs. So redrive can claim the delivery, and count its crashes,
before it reads a body that may be unreadable or may end the process. The body holds the event as
Segment sent it and the request as it was mapped, as JSON in ASCII (SQS refuses some code points):

    {"origin": {…}, "action": "trackEvent",
     "request": {"method": "POST", "path": "/events/invoke", "body": {…}},
     "event": {…}}

    MessageUnreadable    the bridge did not write the message, or a newer version wrote it
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.origin import UNKNOWN_ORIGIN, Origin, origin_of
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.plan import Request
from segment_rehook.segment import jsontext
from segment_rehook.segment.slices import elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.delivery.queues.transport import Received

SCHEMA = "1"
# Of the attribute `detail`; longer texts are cut.
MAX_ATTRIBUTE_CHARACTERS = 1_000
# Bytes: a message that fits into the dead-letter queue must fit into the parking lot with a detail.
PARKING_ROOM = 2 * MAX_ATTRIBUTE_CHARACTERS

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NOT_IN_SQS = re.compile(r"[^\x20-\x7e]")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


class MessageUnreadable(Exception):
    """The message can't be read; the text says what is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a message's attributes say.

    `delivery`: its id. `user`: a hash. `content`: the event's fingerprint. `reason`: why it is in
    the queue. `token` and `nonce`: of the claim under which it was sent, or 0 and empty where it
    was stored without a claim. `mark`: the name of the user's mark that this message clears (see
    `ingest.user_marks`). `parked_token`: the token under which a message was parked (the attribute
    `epoch`), None for one that never was. `detail`: for a person. `resend`: an operator wants the
    stored request sent; without it, redrive maps the event again.
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
        """Give the SQS message attributes. SQS allows at most ten, and no empty one."""
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
        """Read the attributes of a message. Raises MessageUnreadable."""
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
    """A message as a whole: a delivery that waits, or that was given up.

    `event`: the event's JSON text. `request`: None where the mapping failed. `origin`: for the log.
    """

    header: Header
    action: str
    request: Request | None
    event: bytes = field(repr=False)
    origin: Origin = UNKNOWN_ORIGIN

    def for_dead_letters(self, *, ordered: bool) -> Outgoing:
        """Give the message for the dead-letter queue, in the user's group if order is kept."""
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
        """Give the message for the parking lot, under the claim that the header names."""
        return parked(self.header, self._body(), reason=reason, detail=detail)

    def _body(self) -> str:
        request = "null"
        if self.request is not None:
            head = json.dumps({"method": self.request.method, "path": self.request.path})
            request = f'{head[:-1]}, "body": {_ascii(self.request.body)}}}'
        members = f'"origin": {self.origin.text()}, "action": {json.dumps(self.action)}'
        return f'{{{members}, "request": {request}, "event": {_ascii(self.event)}}}'


def parked(header: Header, body: str, *, reason: str, detail: str, dedupe: str = "") -> Outgoing:
    """Give a message for the parking lot, in a group of its own. The body need not be readable.

    `header` names the claim under which it is parked: if the table fails to record the end of that
    claim, the message proves it. `dedupe`: the deduplication id, if not by delivery and token.
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
    """Read the body. Event and request are byte for byte as written. Raises MessageUnreadable."""
    text = received.body.encode(errors="surrogatepass")
    try:
        body = _decoder.decode(text)
    except ValueError:
        body = _read_slowly(text)
    request = None
    if body.request is not None:
        request = Request(body.request.method, body.request.path, _object(body.request.body))
    return Letter(
        header=header,
        action=body.action,
        request=request,
        event=_object(body.event),
        origin=origin_of(received.body),
    )


def _read_slowly(text: bytes) -> _Body:
    """Read a body with what msgspec refuses and JavaScript accepts, such as a lone surrogate."""
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
    """Give the raw text of each member of an object, by the raw text of its name."""
    pairs = (each.partition(b":") for each in elements(b"[" + text.strip()[1:-1] + b"]"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _object(raw: msgspec.Raw) -> bytes:
    text = bytes(raw)
    if not text.startswith(b"{"):
        raise MessageUnreadable("event and request's body must be objects")
    return text


def _ascii(text: bytes) -> str:
    """Escape JSON to ASCII. Other characters occur in strings only, where an escape is allowed."""
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text.decode())
