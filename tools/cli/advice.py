"""What is allowed in a destination file, yet hardly meant: pointed out, never refused.

Segment runs such subscriptions too, so that they are no mistakes; a person checking a file wants to
know all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.mapping import ROOT_KEY
from segment_rehook.mapping.shape import Misshape, unknown_name
from segment_rehook.rehook.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.rehook.destination import Destination

__all__ = ["advice"]

SEGMENTS_OWN: Final = ("__segment_internal_", "enable_batching", "batch_")
"""Beginnings of names that Segment's screens put into `settings` themselves."""

_STRING: Final = re.compile(r'"[^"]*"')
_GROUP: Final = re.compile(r"\([^()]*\)")


def advice(destination: Destination) -> Iterator[Misshape]:
    """Give what deserves a second look, with its place, in the file's order."""
    for index, subscription in enumerate(destination.subscriptions):
        place = f"subscriptions[{index}]"
        yield from _of_trigger(str(subscription.definition["trigger"]), f"{place}.trigger")
        yield from _of_fields(subscription, f"{place}.settings")


def _of_trigger(trigger: str, place: str) -> Iterator[Misshape]:
    text = _STRING.sub('""', trigger)
    for group in (_GROUP.sub("", text), *_GROUP.findall(text)):
        words = re.findall(r"\b(?:and|or)\b", group)
        if len(set(words)) > 1:
            message = f'mixes "and" with "or": Segment takes the last one, "{words[-1]}", for all'
            yield Misshape(place, message)


def _of_fields(subscription: Subscription, place: str) -> Iterator[Misshape]:
    if ROOT_KEY in subscription.fields:
        return
    fields = {field.name: field for field in ACTIONS[subscription.action].fields}
    for name in subscription.fields:
        if name not in fields and not name.startswith(SEGMENTS_OWN):
            yield Misshape(f"{place}.{name}", f"{unknown_name(name, fields)}; it is not sent")
    for field in fields.values():
        if field.required and field.name not in subscription.fields:
            message = (
                f"has no {field.name}, which {subscription.action} requires: every event drops"
            )
            yield Misshape(place, message)
