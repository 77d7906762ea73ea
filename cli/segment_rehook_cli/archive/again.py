"""Another event in place of a delivered one, so that the bridge delivers it once more.

The ledger knows a delivery by the event's key, so the repetition needs a messageId of its own. It
is derived from the old key and the job's marker: a job that is resumed derives the same one, which
the ledger then knows. A delivery under a business key (`idempotencyKey`) has the same key again, so
it stays known and is not repeated.
"""

from __future__ import annotations

from typing import cast

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import JSON, encode
from segment_rehook_cli.archive.archive_file import members_of

__all__ = ["again_id", "repetition_of"]


def again_id(key: str, marker: str) -> str:
    """Give the messageId of a repetition. `key`: the event's own key (`ids.event_key`)."""
    return f"{key}~again-{marker}"


def repetition_of(event: Event, marker: str) -> Event:
    """Give the same event with the derived messageId; everything else as it stands in the text.

    The event must have a messageId or a timestamp, as each event that was delivered has.
    """
    key = ids.event_key(event)
    if key is None:
        raise ValueError("an event without an id was never delivered")
    members: dict[str, object] = {**members_of(event), "messageId": again_id(key, marker)}
    if any(isinstance(each, msgspec.Raw) for each in members.values()):
        return Event.parse(msgspec.json.encode(members))
    return Event.parse(encode(cast("JSON", members)))
