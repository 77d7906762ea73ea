"""A compiled piece of a mapping: what it does with a payload, and what it reads of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segment_rehook.mapping.values import Value

Run: TypeAlias = "Callable[[Value], Value]"
Reads: TypeAlias = "frozenset[str] | None"
"""Top-level keys of the payload; None where it can't be told, so all of them."""

NOTHING: Reads = frozenset()


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """`run` maps a payload to a value, and raises MappingError alone."""

    run: Run
    reads: Reads


CompilePart: TypeAlias = "Callable[[Value], CompiledPart]"
"""Compiles what stands inside a directive; handed to directives so that they need not know it."""


Directive: TypeAlias = "Callable[[Value, CompilePart], CompiledPart]"
"""Compiles a directive's options."""


def constant(value: Value) -> CompiledPart:
    """Give the same value whatever the payload."""
    return CompiledPart(lambda _: value, NOTHING)


def throwing(message: str) -> CompiledPart:
    """Throw whatever the payload: the engine finds such mistakes when it runs, not before."""

    def throw(_: Value) -> NoReturn:
        raise MappingError(message)

    return CompiledPart(throw, NOTHING)


def reads_of(parts: Iterable[CompiledPart]) -> Reads:
    """Join what several parts read."""
    joined: frozenset[str] = frozenset()
    for part in parts:
        if part.reads is None:
            return None
        joined |= part.reads
    return joined


ABSENT = constant(UNDEFINED)
"""Gives undefined."""
