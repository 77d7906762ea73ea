"""The directive `@liquid`: templates compiled as LiquidJS reads them."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from segment_rehook.mapping.compiled_part import CompiledPart, constant, throwing
from segment_rehook.mapping.errors import STACK_EXHAUSTED, MappingError
from segment_rehook.mapping.liquid.context import Context
from segment_rehook.mapping.liquid.filters import filters
from segment_rehook.mapping.liquid.lexer import OUTPUT, TEXT
from segment_rehook.mapping.liquid.parser import Parser
from segment_rehook.mapping.liquid.scanner import TemplateError
from segment_rehook.mapping.liquid.tags import TAGS, EndOfTemplate, output, text, unknown
from segment_rehook.mapping.text import from_units, length, to_units

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from segment_rehook.mapping.liquid.parser import Block
    from segment_rehook.mapping.liquid.uses import FilterUse
    from segment_rehook.mapping.values import Value

MAX_TEMPLATE_UNITS = 1_000
"""As in actions-core, mapping-kit/liquid-directive."""

_COMPILERS = {**TAGS, OUTPUT: output, TEXT: text}


def compile_liquid(template: Value, clock: Callable[[], float] = time.time) -> CompiledPart:
    """Compile a template. As in Segment's engine, an error in it is thrown when it is rendered.

    `clock` gives the seconds since 1970, for `now` in the filter `date`.
    """
    if not isinstance(template, str):
        return throwing("liquid template value must be a string")
    if not template:
        return constant("")
    if length(template) > MAX_TEMPLATE_UNITS:
        return throwing(f"liquid template values are limited to {MAX_TEMPLATE_UNITS} characters")
    parser = _parser(template, clock)
    try:
        block = parser.template()
    except TemplateError as error:
        return throwing(error.text)
    except RecursionError:
        return throwing(STACK_EXHAUSTED)
    found = parser.variables.found
    return CompiledPart(partial(_render, block), None if found is None else frozenset(found))


def known_filters() -> Collection[str]:
    """Return the names of all filters, disabled ones included."""
    return filters(time.time).keys()


def filter_uses(template: str) -> tuple[FilterUse, ...]:
    """Return the filters of a template in order; none if it can't be compiled."""
    parser = _parser(template, time.time)
    try:
        parser.template()
    except (TemplateError, RecursionError):
        return ()
    return tuple(parser.uses.found)


def _parser(template: str, clock: Callable[[], float]) -> Parser:
    return Parser(to_units(template), _COMPILERS, unknown, filters(clock))


def _render(block: Block, payload: Value) -> str:
    output: list[str] = []
    try:
        block.render(Context(payload), output)
    except EndOfTemplate:
        pass
    except TemplateError as error:
        raise MappingError(error.text) from None
    return from_units("".join(output))
