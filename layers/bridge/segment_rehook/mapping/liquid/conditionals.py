"""The tags `if` and `unless`, compiled to their branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.values import falsy
from segment_rehook.mapping.stringify import quote
from segment_rehook.mapping.text import from_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segment_rehook.mapping.liquid.context import Context
    from segment_rehook.mapping.liquid.expressions import Evaluate
    from segment_rehook.mapping.liquid.parser import Block, Render, Tag

Predicate: TypeAlias = "Callable[[Context], bool]"
"""Returns whether a branch is rendered."""


def compile_if(tag: Tag) -> Render:
    """Compile an `if` and its branches, up to `endif`."""
    branches: list[tuple[Predicate, Block]] = []
    otherwise: Block | None = None
    condition: Predicate | None = _truthy(tag.value())
    while True:
        block, end = tag.block("elsif", "else", "endif", conditional=True)
        if condition is None:
            otherwise = block
        else:
            branches.append((condition, block))
        if end.name == "elsif":
            if condition is None:
                raise MappingError("unexpected elsif after else")
            condition = _truthy(end.value(conditional=True))
            continue
        if end.text:
            raise MappingError(f"unexpected {quote(from_units(end.text))}")
        if end.name == "endif":
            return _choice(branches, otherwise)
        if condition is None:
            raise MappingError("duplicated else")
        condition = None


def compile_unless(tag: Tag) -> Render:
    """Compile an `unless` and its branches, up to `endunless`.

    As in LiquidJS, `elsif` after `else` is ignored, and so is a second `else`.
    """
    holds = _truthy(tag.value())
    branches: list[tuple[Predicate, Block]] = []
    otherwise: Block | None = None
    condition: Predicate | None = lambda context: not holds(context)  # noqa: E731 — also assigned below
    seen_else = False
    while True:
        block, end = tag.block("elsif", "else", "endunless", conditional=True)
        if condition is not None:
            branches.append((condition, block))
        elif seen_else and otherwise is None:
            otherwise = block
        if end.name == "endunless":
            return _choice(branches, otherwise)
        condition = None
        if end.name == "else":
            seen_else = True
        elif not seen_else:
            condition = _truthy(end.value(conditional=True))


def _truthy(evaluate: Evaluate) -> Predicate:
    return lambda context: not falsy(evaluate(context))


def _choice(branches: Iterable[tuple[Predicate, Block]], otherwise: Block | None) -> Render:
    def render(context: Context, output: list[str]) -> None:
        for holds, block in branches:
            if holds(context):
                block.render(context, output)
                return
        if otherwise is not None:
            otherwise.render(context, output)

    return render
