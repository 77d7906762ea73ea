"""A compiled part of a mapping: the function that it runs, and the members that it reads."""

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
"""Top-level keys of the payload; None means any of them: it can't be told which."""

NOTHING: Reads = frozenset()


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """`run` maps a payload to a value, and raises MappingError alone.

    `run_last`, if there is one, does the same where the value goes to the mapping's result and to
    no directive: it may leave out members that are UNDEFINED, which the result does not have.
    """

    run: Run
    reads: Reads
    run_last: Run | None = None


CompilePart: TypeAlias = "Callable[[Value], CompiledPart]"
"""Compiles a value inside a directive. Directives receive it as an argument: no import circle."""


Directive: TypeAlias = "Callable[[Value, CompilePart], CompiledPart]"
"""Compiles a directive's options."""


def constant(value: Value) -> CompiledPart:
    """Give the same value for every payload."""
    return CompiledPart(lambda _: value, NOTHING)


def throwing(message: str) -> CompiledPart:
    """Raise MappingError for every payload: the engine finds such mistakes only when it runs."""

    def throw(_: Value) -> NoReturn:
        raise MappingError(message)

    return CompiledPart(throw, NOTHING)


def reads_of(parts: Iterable[CompiledPart]) -> Reads:
    """Give the members that several parts read together."""
    joined: frozenset[str] = frozenset()
    for part in parts:
        if part.reads is None:
            return None
        joined |= part.reads
    return joined


ABSENT = constant(UNDEFINED)
"""Gives UNDEFINED for every payload."""
