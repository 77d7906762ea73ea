"""Finds places in a JSON text: what a mistake's place names, an event, and what is no JSON."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TextPlace", "broken_in", "event_in", "place_in"]

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_VALUE: Final = json.JSONDecoder(parse_int=str, parse_float=str)


class TextPlace(NamedTuple):
    """A place in a text. Both count from 1, in characters."""

    line: int
    column: int


class _Part(NamedTuple):
    """A member or an item. ``names``: how a place spells it. Offsets in characters."""

    names: tuple[str, ...]
    start: int
    value: int


def place_in(text: str, place: str) -> TextPlace | None:
    """Find what a place such as ``subscriptions[0].settings.name`` names in a JSON text.

    If it is not there, it is the nearest that is there above it; None if there is none.
    """
    if not place:
        return None
    left, at = _nearest(text, _after_blank(text, 0), place)
    return None if left == len(place) else _place(text, at)


def event_in(text: str, number: int) -> TextPlace | None:
    """Find the ``number``-th event, from 1, of JSON texts in which an array holds several.

    None if there are fewer, or if they are nested too deep to be read.
    """
    at = _after_blank(text, 0)
    with suppress(RecursionError):
        while at < len(text):
            starts = [each.start for each in _parts(text, at)] if text[at] == "[" else [at]
            if number <= len(starts):
                return _place(text, starts[number - 1])
            number -= len(starts)
            at = _after_blank(text, _end(text, at))
    return None


def broken_in(text: str) -> tuple[str, TextPlace] | None:
    """Find the first mistake of JSON texts, each on lines of its own, with its reason.

    None if there is none (NaN and Infinity count as JSON), or if they are nested too deep.
    """
    at = _after_blank(text, 0)
    while at < len(text):
        try:
            end = _end(text, at)
        except json.JSONDecodeError as error:
            return error.msg, TextPlace(error.lineno, error.colno)
        except RecursionError:
            return None
        at = _after_blank(text, end)
        if at < len(text) and "\n" not in text[end:at]:
            return "Extra data", _place(text, at)
    return None


def _nearest(text: str, value: int, place: str) -> tuple[int, int]:
    """Give how many characters of the place lead to nothing below a value, and where it leads.

    Names can have dots in them, so each part with which the place may begin is looked at.
    """
    found = len(place), value
    for part in _parts(text, value):
        for name in part.names:
            rest = place.removeprefix(name)
            if place.startswith(name) and rest[:1] in {"", ".", "["}:
                below = rest.removeprefix(".")
                left, at = _nearest(text, part.value, below)
                found = min(found, (left, at if left < len(below) else part.start))
    return found


def _parts(text: str, value: int) -> Iterator[_Part]:
    """Give the members of the object, or the items of the list, that begins at an offset."""
    if text[value] not in "{[":
        return
    at, index = _after_blank(text, value + 1), 0
    while text[at] not in "}]":
        start = at
        names: tuple[str, ...] = (f"[{index}]", str(index))
        if text[value] == "{":
            name, at = _VALUE.raw_decode(text, at)
            names = (name,)
            at = _after_blank(text, _after_blank(text, at) + len(":"))
        yield _Part(names, start, at)
        at = _after_blank(text, _end(text, at))
        if text[at] == ",":
            at = _after_blank(text, at + 1)
        index += 1


def _end(text: str, value: int) -> int:
    _, end = _VALUE.raw_decode(text, value)
    return end


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return at if blank is None else blank.end()


def _place(text: str, at: int) -> TextPlace:
    return TextPlace(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
