"""Checks destination.json against a small part of JSON Schema, and names every mistake.

The check at start-up and the schema that editors read use the same description.
Understood are: `type`, `enum`, `minLength`,
`maxLength`, `pattern`, `exclusiveMinimum`, `items`, `minItems`, `maxItems`,
`uniqueItems`, `properties`, `required`, `additionalProperties` and `anyOf` of
branches that differ in type. Other keywords of a description are for the reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from segment_rehook.segment.jsontext import JSON

__all__ = [
    "Misshape",
    "Shape",
    "apart",
    "check_shape",
    "meant",
    "named",
    "place_of",
    "unknown_name",
]

Shape = dict[str, Any]
"""A JSON Schema; Any because schemas nest without end."""

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
_ARTICLES: Final = {
    "string": "a string",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


@dataclass(frozen=True, slots=True)
class Misshape:
    """One mistake in the file: its place, and what is allowed there."""

    place: str
    message: str


def check_shape(value: JSON, shape: Shape, place: str) -> Iterator[Misshape]:
    """Find every mistake of a value. `place` names the value, as in `settings.eventNames`."""
    if "anyOf" in shape:
        yield from _check_branches(value, shape["anyOf"], place)
        return
    wanted = shape.get("type")
    if wanted is not None and not _is(value, wanted):
        yield Misshape(place, f"must be {_ARTICLES[wanted]}, not {named(value)}")
        return
    if "enum" in shape and value not in shape["enum"]:
        yield Misshape(place, f"must be one of {_listed(shape['enum'])}")
    match value:
        case str():
            yield from _check_text(value, shape, place)
        case dict():
            yield from _check_members(value, shape, place)
        case list():
            yield from _check_items(value, shape, place)
        case int() | float() if "exclusiveMinimum" in shape:
            if value <= shape["exclusiveMinimum"]:
                yield Misshape(place, f"must be more than {shape['exclusiveMinimum']}")
        case _:
            pass


def place_of(place: str, path: Iterable[str]) -> str:
    """Join a place and the path below it."""
    return ".".join((place, *path) if place else path)


def apart(found: Iterable[Misshape], mistakes: Collection[Misshape]) -> list[Misshape]:
    """Give the findings at places that are neither above nor below a mistake, nor the same."""
    taken = [mistake.place for mistake in mistakes]
    return [each for each in found if not any(_touch(each.place, place) for place in taken)]


def _touch(place: str, other: str) -> bool:
    return f"{place}.".startswith(f"{other}.") or f"{other}.".startswith(f"{place}.")


def meant(name: str, allowed: Iterable[str], *, closeness: float = 0.6) -> str | None:
    """Give the allowed name that was probably meant, if one is close; case does not count.

    `closeness` is how much the two must share, from 0 to 1 (difflib's ratio).
    """
    import difflib  # noqa: PLC0415 — needed for a mistake alone; functions start without one

    known = {each.lower(): each for each in sorted(allowed, reverse=True)}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=closeness)
    return known[close[0]] if close else None


def unknown_name(name: str, allowed: Collection[str]) -> str:
    """Say that a name is unknown, which names are allowed, and which one was probably meant."""
    close = meant(name, allowed)
    hint = f"; did you mean {close}?" if close else ""
    return f"is not known here{hint} (allowed: {', '.join(sorted(allowed))})"


def named(value: object) -> str:
    """Name a JSON value's type in a sentence."""
    if value is None:
        return "null"
    for name, article in _ARTICLES.items():
        if _is(value, name):
            return "a boolean" if name == "boolean" else article
    return f"a {type(value).__name__}"


def _is(value: object, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, _TYPES[wanted])


def _check_branches(value: JSON, branches: list[Shape], place: str) -> Iterator[Misshape]:
    for branch in branches:
        if _is(value, branch["type"]):
            yield from check_shape(value, branch, place)
            return
    allowed = " or ".join(_ARTICLES[branch["type"]] for branch in branches)
    yield Misshape(place, f"must be {allowed}, not {named(value)}")


def _check_text(value: str, shape: Shape, place: str) -> Iterator[Misshape]:
    if not value.strip() and shape.get("minLength"):
        yield Misshape(place, "must not be empty")
    elif len(value) > shape.get("maxLength", len(value)):
        yield Misshape(place, f"must have {shape['maxLength']} characters at most")
    elif "pattern" in shape and not re.search(shape["pattern"], value):
        yield Misshape(place, f"must be {shape['title']}")


def _check_members(value: dict[str, JSON], shape: Shape, place: str) -> Iterator[Misshape]:
    known: dict[str, Shape] = shape.get("properties", {})
    others: Shape | bool = shape.get("additionalProperties", True)
    for name in shape.get("required", ()):
        if name not in value:
            yield Misshape(place, f"has no {name}: {known[name]['description']}")
    for name, member in value.items():
        inner = f"{place}.{name}" if place else name
        if name in known:
            yield from check_shape(member, known[name], inner)
        elif others is False:
            yield Misshape(inner, unknown_name(name, known))
        elif isinstance(others, dict):
            if not name.strip():
                yield Misshape(inner, "has an empty name")
            yield from check_shape(member, others, inner)


def _check_items(value: list[JSON], shape: Shape, place: str) -> Iterator[Misshape]:
    if len(value) > shape.get("maxItems", len(value)):
        yield Misshape(place, f"has {len(value)} entries; at most {shape['maxItems']} are allowed")
    if len(value) < shape.get("minItems", 0):
        yield Misshape(place, "must not be empty; leave it out instead")
    for index, item in enumerate(value):
        if shape.get("uniqueItems") and item in value[:index]:
            yield Misshape(f"{place}[{index}]", "is there twice")
        yield from check_shape(item, shape.get("items", {}), f"{place}[{index}]")


def _listed(values: list[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)
