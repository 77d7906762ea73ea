"""A failed message as a whole, as one object of JSON: what `show` and `export` print.

    {"queue": "parked", "delivery": "m1:track-event", "subscription": "track-event",
     "reason": "rejected", "class": "rejected", "code": "400", "detail": "400 …",
     "ageSeconds": 60, "since": "2026-01-15T10:00:00Z", "receives": 1, "sqsMessageId": "…",
     "group": "…", "attributes": {"delivery": "m1:track-event", …},
     "origin": {"requestId": "…", "mapping": "0123456789ab", "messageId": "m1"},
     "action": "trackEvent", "request": {"method": "POST", "path": "…", "body": {…}},
     "event": {…}}

`event` is the event as Segment sent it, except that characters beyond ASCII are escaped. `request`
is null where the mapping failed. A message whose body can't be read has `body`, its text, in place
of the last three members. `origin`: which request stored it, and with which version of the mapping
`request` was made.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery.queues.message import Letter, MessageUnreadable, read_body
from segment_rehook.delivery.queues.origin import origin_of
from segment_rehook.segment.event import Event, UnreadableEvent

if TYPE_CHECKING:
    from segment_rehook_cli.failures.message import FailedMessage

__all__ = ["entry_text", "is_about", "letter_of"]

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def letter_of(failed: FailedMessage) -> Letter | None:
    """Read the message's body; None if the bridge did not write it, or it can't be read."""
    if failed.header is None:
        return None
    try:
        return read_body(failed.header, failed.message)
    except MessageUnreadable:
        return None


def entry_text(failed: FailedMessage, now: float) -> str:
    """Return the message as one line of JSON. `now`: in seconds since 1970."""
    message = failed.message
    members: dict[str, Any] = {
        **failed.summary(now),
        "group": message.group,
        "attributes": dict(message.attributes),
        "origin": json.loads(origin_of(message.body).text()),
    }
    letter = letter_of(failed)
    if letter is None:
        return json.dumps({**members, "body": message.body})
    head = json.dumps({**members, "action": letter.action})
    request = "null"
    if letter.request is not None:
        start = json.dumps({"method": letter.request.method, "path": letter.request.path})
        request = f'{start[:-1]}, "body": {_one_line(letter.request.body)}}}'
    return f'{head[:-1]}, "request": {request}, "event": {_one_line(letter.event)}}}'


def is_about(failed: FailedMessage, wanted: str) -> bool:
    """Whether `wanted` is its delivery's id, its id in SQS, or its event's messageId."""
    if failed.header is None:
        return failed.id == wanted
    if wanted in {failed.header.delivery, failed.id}:
        return True
    letter = letter_of(failed)
    if letter is None:
        return False
    try:
        return Event.parse(letter.event).message_id == wanted
    except UnreadableEvent:
        return False


def _one_line(text: bytes) -> str:
    """Give JSON as ASCII on one line: line breaks stand between its tokens only."""
    plain = text.decode("utf-8", "surrogatepass").replace("\r", " ").replace("\n", " ")
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], plain)
