"""Where a message comes from: which request stored it, which mapping made its call, and when.

It is the first member of the message's body, since SQS allows no further attribute:

    {"origin": {"requestId": "…", "mapping": "…", "messageId": "…", "receivedAt": "…"},
     "action": …, …}

The log and the cut-over need it also for a message whose body must not be parsed, because the
process may have died of it. So it is read from the beginning of the text, without the rest.
Messages of older versions have none, and older versions skip it.
"""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec

from segment_rehook.delivery.outcomes import Dropped
from segment_rehook.segment.event_time import time_text, unix_time

MAX_CHARACTERS: Final = 200
"""Of each value. Longer ones are neither written nor read."""

# A value's character takes at most twelve characters of ASCII.
_AT_THE_START = re.compile(r'\s*\{\s*"origin"\s*:\s*(\{[^{}]{0,8000}\})')


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a delivery comes from. None: not known.

    `request_id`: API Gateway's. `mapping`: the version of destination.json. `message_id`:
    Segment's. `received`: when Segment received the event, in seconds of Unix time.
    """

    request_id: str | None = None
    mapping: str | None = None
    message_id: str | None = None
    received: float | None = None

    def received_at(self, reason: str | None) -> str | None:
        """Give the time for the log line of an outcome with this reason; None if it has none."""
        if reason != Dropped.BEFORE_CUTOVER or self.received is None:
            return None
        return time_text(self.received)

    def text(self) -> str:
        """Give the member as JSON in ASCII; "{}" if nothing is known."""
        members = {
            "requestId": self.request_id,
            "mapping": self.mapping,
            "messageId": self.message_id,
            "receivedAt": None if self.received is None else time_text(self.received),
        }
        texts = ", ".join(
            f'"{name}": {json.dumps(value)}' for name, value in members.items() if _known(value)
        )
        # `origin_of` looks for the brace that ends the member, so the values have none.
        return "{" + texts.replace("{", "\\u007b").replace("}", "\\u007d") + "}"


UNKNOWN_ORIGIN: Final = Origin()


def origin_of(body: str) -> Origin:
    """Read the origin from a message's body; what is not readable is not known."""
    found = _AT_THE_START.match(body)
    if found is None:
        return UNKNOWN_ORIGIN
    try:
        members = json.loads(found[1])
    except (ValueError, RecursionError):
        return UNKNOWN_ORIGIN
    return Origin(
        request_id=_known(members.get("requestId")),
        mapping=_known(members.get("mapping")),
        message_id=_known(members.get("messageId")),
        received=unix_time(members.get("receivedAt")),
    )


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_CHARACTERS else None
