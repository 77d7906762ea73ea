"""Sends events to the sandbox's webhook as Segment does, or with a signature that is wrong."""

from __future__ import annotations

import itertools
import json
import uuid
from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta
from urllib3.exceptions import HTTPError

from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import decode_slowly
from segment_rehook.segment.unreadable import syntax_error_of
from segment_rehook_cli.mapping.reading import Unreadable, read_events
from tools.console.text_places import broken_in, event_in
from tools.sandbox.segment import Segment, sign

if TYPE_CHECKING:
    from tools.console.subject import ConsoleSubject

__all__ = ["Mistake", "SendOrder", "Sender", "Signing", "mistake_in", "read_given"]

MAX_REPEATS: Final = 1000
MAX_KEPT: Final = 50
"""How many orders can be sent again."""

TIMEOUT_SECONDS: Final = 35.0


class Signing(StrEnum):
    """How a request is signed."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


class SendOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What the page orders. ``text``: events as JSON; one, an array, or one a line.

    ``fresh``: each event gets a messageId of its own, at each repetition. ``again``: the number of
    an order whose requests are sent once more as they were; then nothing else counts.
    """

    text: str = ""
    batch: bool = False
    signing: Signing = Signing.RIGHT
    repeat: Annotated[int, Meta(ge=1, le=MAX_REPEATS)] = 1
    fresh: bool = False
    again: int | None = None


class Mistake(Exception):
    """The text is no events. ``line`` and ``column``: from 1, None where they are not known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


_Request = tuple[bytes, dict[str, str]]


class Sender:
    """Sends orders to the webhook of one sandbox, and keeps the last ones."""

    def __init__(self, subject: ConsoleSubject) -> None:
        self._secret = subject.box.shared_secret
        self._segment = Segment(subject.box.webhook, self._secret, timeout=TIMEOUT_SECONDS)
        self._kept: OrderedDict[int, list[_Request]] = OrderedDict()
        self._numbers = itertools.count(1)

    def send(self, order: SendOrder) -> dict[str, Any]:
        """Send an order; give its number, and how often each status was the answer.

        ``answer``: the last one's status and body. Raises Mistake.
        """
        if order.again is None:
            number, requests = next(self._numbers), self._requests(order)
            self._kept[number] = requests
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        else:
            number = order.again
            if number not in self._kept:
                raise Mistake("that order is kept no longer: send the events anew")
            requests = self._kept[number]
        statuses: dict[str, int] = {}
        status, text = "", ""
        for body, headers in requests:
            try:
                reply = self._segment.send_raw(body, headers)
                status, text = str(reply.status), reply.text
            except HTTPError as error:
                status, text = "no answer", type(error).__name__
            statuses[status] = statuses.get(status, 0) + 1
        answer = {"status": status, "body": text}
        return {"order": number, "requests": len(requests), "statuses": statuses, "answer": answer}

    def close(self) -> None:
        """Close the connections."""
        self._segment.close()

    def _requests(self, order: SendOrder) -> list[_Request]:
        events = [each.raw for each in read_given(order.text)]
        made = []
        for _ in range(order.repeat):
            sent = [_with_fresh_id(each) if order.fresh else each for each in events]
            for group in [sent] if order.batch else [[each] for each in sent]:
                body = b"[" + b",".join(group) + b"]" if order.batch else group[0]
                made.append((body, self._signature(order.signing, group[0])))
        return made

    def _signature(self, signing: Signing, signed: bytes) -> dict[str, str]:
        match signing:
            case Signing.RIGHT:
                return {"x-signature": sign(self._secret, signed)}
            case Signing.WRONG:
                return {"x-signature": sign("another secret", signed)}
            case Signing.NONE:
                return {}


def read_given(text: str) -> list[Event]:
    """Read events as the command ``send`` does. Raises Mistake."""
    found: list[Event] = []
    try:
        for number, each in enumerate(read_events(text.encode("utf-8", "replace")), start=1):
            if not isinstance(each, Event):
                place = event_in(text, number) or ()
                raise Mistake(f"element {number} is no event: {each.detail}", *place)
            found.append(each)
    except Unreadable as error:
        raise _mistake_in_events(text) or Mistake(str(error)) from None
    if not found:
        raise Mistake("there is no event: write one, or choose a sample")
    return found


def mistake_in(text: str) -> Mistake | None:
    """Find the first mistake in a text that should be one JSON value."""
    slip = syntax_error_of(text.encode("utf-8", "replace"))
    if slip is None:
        return None
    return Mistake(slip.reason, slip.line, slip.column)


def _mistake_in_events(text: str) -> Mistake | None:
    if (broken := broken_in(text)) is None:
        return None
    reason, place = broken
    return Mistake(reason, *place)


def _with_fresh_id(event: bytes) -> bytes:
    members = decode_slowly(event)
    if not isinstance(members, dict):
        return event
    fresh = members | {"messageId": f"console-{uuid.uuid4()}"}
    try:
        return json.dumps(fresh, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold
        return json.dumps(fresh, separators=(",", ":")).encode()
