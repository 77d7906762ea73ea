"""Finds the parts of a mapping that throw, before any event arrives.

Segment's engine finds most mistakes of a directive only when it runs the directive. Mistakes that
do not depend on the event are found when the file is read:

- A directive that reads nothing of the event gives the same result for every event: it is run once.
- A directive with a `value` is run once, with a sample text as its value.
- A filter of `@liquid` that throws for every input throws whenever it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.compiled_part import NOTHING
from segment_rehook.mapping.errors import MappingError, MappingInvalid
from segment_rehook.mapping.mapping import CompiledMapping, compile_mapping, unfold
from segment_rehook.mapping.validation import is_directive
from segment_rehook.mapping.values import Value, in_order, truthy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Throw", "When", "throws"]

_SAMPLE: Final = "a"
_TEXTUAL: Final = frozenset({"@path", "@template"})
"""Their option is text, or a directive that gives text. A constant text decides the result."""

Path = tuple[str, ...]


class When(IntEnum):
    """The events on which a part throws, from all events to the fewest."""

    ALWAYS = 0
    """On every event for which the mapping runs."""
    GIVEN = 1
    """On every event for which the directive's `value` gives something."""
    BRANCH = 2
    """On the events that take its branch of a condition."""


@dataclass(frozen=True, slots=True)
class Throw:
    """`path` is the place inside the mapping, `message` the engine's own."""

    path: Path
    message: str
    when: When


def throws(mapping: Value) -> Iterator[Throw]:
    """Find the parts that throw, in a mapping that may or may not pass validation."""
    try:
        yield from _of(unfold(mapping), (), When.ALWAYS)
    except MappingInvalid:
        return


def _of(value: Value, path: Path, when: When) -> Iterator[Throw]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of(item, (*path, str(index)), when)
    elif not isinstance(value, dict):
        return
    elif is_directive(value):
        name = next(key for key in value if key.startswith("@"))
        yield from _of_directive(name, value[name], (*path, name), when)
    else:
        for key in in_order(value):
            yield from _of(value[key], (*path, key), when)


def _of_directive(name: str, option: Value, path: Path, when: When) -> Iterator[Throw]:
    inside = list(_inside(name, option, path, when))
    yield from inside
    if any(each.when == when for each in inside):
        return  # the directive throws because its part does
    if message := _thrown(name, option):
        yield Throw(path, message, when)
    elif isinstance(option, dict) and truthy(option.get("value")):
        if message := _thrown(name, {**option, "value": _SAMPLE}):
            yield Throw(path, message, max(when, When.GIVEN))
    elif name == "@liquid" and isinstance(option, str):
        yield from _of_template(option, path, when)


def _thrown(name: str, option: Value) -> str:
    """Give the message that a directive throws on every event, else empty text."""
    reading = option if name in _TEXTUAL and not isinstance(option, str) else {name: option}
    if _compiled(reading).reads != NOTHING:
        return ""
    try:
        _compiled({name: option}).resolve({})
    except MappingError as error:
        return str(error)
    return ""


def _compiled(value: Value) -> CompiledMapping:
    return compile_mapping({"value": [value]})  # the items of a list are not validated


def _inside(name: str, option: Value, path: Path, when: When) -> Iterator[Throw]:
    """Find what throws in the values inside a directive, under the events that reach each."""
    if name in _TEXTUAL or name in {"@excludeWhenNull", "@literal"}:
        yield from _of(option, path, when)
    elif name == "@arrayPath" and isinstance(option, list):
        for index, (part, then) in enumerate(
            zip(option, (when, max(when, When.GIVEN)), strict=False)
        ):
            yield from _of(part, (*path, str(index)), then)
    elif isinstance(option, dict):
        for key, then in _resolved(name, option, when):
            yield from _of(option.get(key), (*path, key), then)


def _resolved(name: str, option: dict[str, Value], when: When) -> Iterator[tuple[str, When]]:
    if name == "@if":
        yield ("exists" if "exists" in option else "blank"), when
        yield "then", When.BRANCH
        yield "else", When.BRANCH
    elif name == "@merge":
        yield "direction", when
        if isinstance(option.get("objects"), list):
            yield "objects", when
    elif name == "@transform":
        yield "apply", when
        yield "mapping", when
    elif name == "@flatten":
        yield "separator", when
        yield "value", when
    elif name in {"@case", "@json", "@replace"}:
        yield "value", when


def _of_template(template: str, path: Path, when: When) -> Iterator[Throw]:
    # Few mappings use Liquid: the others do not wait for its import.
    from segment_rehook.mapping.liquid.template import filter_uses  # noqa: PLC0415 — as said

    for use in filter_uses(template):
        if message := use.throws():
            yield Throw(path, message, when if use.always else When.BRANCH)
