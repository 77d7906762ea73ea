"""Reads a request's body: one event, or a batch of events, each of which is read on its own.

An unreadable element of a batch does not affect the others. msgspec cuts most batches apart in one
pass. It refuses a batch with a lone surrogate, an element that is nested too deep or one that is no
JSON: such an array is cut by its brackets, which is some ten times slower and still linear.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, TypeGuard

import msgspec

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import BodyTooLarge, RefusedBody
from segment_rehook.segment.signature import unwrap
from segment_rehook.segment.slices import elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_EVENTS: Final = 10_000
"""The most events in one request. Segment sends 4,000 at most."""

_BLANK: Final = b" \t\n\r"
_MAX_COMMAS: Final = 500_000
"""An array with more commas is cut lazily: so many slices at once would fill the memory."""

_slices: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Envelope(msgspec.Struct, frozen=True):
    """The elements of one request in their order. `batch`: the body was an array.

    `credentials`: which of the stack's secrets and tokens the request has (`AccessRules.check`).
    """

    elements: list[Event | UnreadableEvent]
    batch: bool
    credentials: tuple[str, ...] = ()


def open_envelope(body: bytes) -> Envelope:
    """Read a body. Raises RefusedBody if it holds no event, and BodyTooLarge."""
    text = body.strip(_BLANK)
    if not text:
        raise RefusedBody(
            "empty_body",
            "The request has no body.",
            "Send an event as JSON; Segment does with the mapping's Data left at its default.",
        )
    if text[:1] != b"[":
        return _open_single(text)
    cut = list(islice(_cut(text), MAX_EVENTS + 1))
    if len(cut) > MAX_EVENTS:
        raise BodyTooLarge(
            "too_many_events",
            f"The batch has more than {MAX_EVENTS} events.",
            "Lower the mapping's Batch Size in Segment (4,000 is its own limit).",
        )
    return _open_batch(cut)


def events_in(text: bytes) -> Iterator[Event | UnreadableEvent]:
    """Read an event, or each element of a batch, as `open_envelope` does, but refuse nothing.

    Lazy, and without a limit; an empty array gives nothing.
    """
    text = text.strip(_BLANK)
    if text[:1] != b"[":
        yield _judge(text)
    else:
        yield from map(_judge_element, _cut(text))


def _open_single(text: bytes) -> Envelope:
    event = _judge(text)
    if _is_no_object(event):
        raise _no_event(event)
    return Envelope([event], batch=False)


def _open_batch(cut: list[bytes]) -> Envelope:
    if not cut:
        raise RefusedBody("empty_batch", "The batch has no events.", "Send at least one event.")
    events = [_judge_element(element) for element in cut]
    refused = [event for event in events if _is_no_object(event)]
    if len(refused) == len(events):
        raise _no_event(refused[0])
    return Envelope(events, batch=True)


def _cut(text: bytes) -> Iterable[bytes]:
    if len(text) <= 2 * _MAX_COMMAS or text.count(b",") <= _MAX_COMMAS:
        try:
            return map(bytes, _slices.decode(text))
        except (ValueError, RecursionError):
            pass  # msgspec refuses an element: the array is cut by its brackets
    return elements(text)


def _judge_element(element: bytes) -> Event | UnreadableEvent:
    inner = unwrap(element)
    if inner is not None:
        event = _judge(inner)
        if not _is_no_object(event):
            return event
    return _judge(element)


def _judge(text: bytes) -> Event | UnreadableEvent:
    try:
        return Event.parse(text)
    except UnreadableEvent as unreadable:
        return unreadable.with_traceback(None)


def _is_no_object(event: Event | UnreadableEvent) -> TypeGuard[UnreadableEvent]:
    return isinstance(event, UnreadableEvent) and event.reason != "too_deep"


def _no_event(unreadable: UnreadableEvent) -> RefusedBody:
    if unreadable.reason == "not_json":
        return RefusedBody(
            "not_json",
            f"The body is not JSON: {unreadable.detail}.",
            "Segment sends JSON. If a proxy stands between, it must pass the body on unchanged.",
        )
    return RefusedBody(
        "not_an_object",
        f"The body holds no event: {unreadable.detail}.",
        "Leave the mapping's Data in Segment at its default, the whole event.",
    )
