"""`@template`: text with `{{paths}}` in it.

There are two passes, as in mapping-kit: `{{{path}}}` first, then `{{path}}` on the result, so that
text from the first pass is expanded again. Paths have no `$.`. Null and undefined become empty
text, other values what `String(value)` gives.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.mapping import text
from segment_rehook.mapping.compiled_part import CompiledPart, Run, constant, reads_of
from segment_rehook.mapping.paths import follow, follow_late
from segment_rehook.mapping.values import UNDEFINED, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.mapping.values import Value

_TRIPLE = re.compile(r"\{\{\{([^}]+)\}\}\}")
_DOUBLE = re.compile(r"\{\{([^}]+)\}\}")


def compile_template(template: str) -> CompiledPart:
    """Compile a constant template."""
    if _TRIPLE.search(template):
        # The first pass may insert further paths: the members that are read are not known.
        return CompiledPart(_in_two_passes(template), None)
    literals, names = placeholders(template)
    if not names:
        return constant(text.from_units(template))
    paths = [follow(name) for name in names]
    return CompiledPart(_filling(literals, [path.run for path in paths]), reads_of(paths))


def placeholders(template: str) -> tuple[list[str], list[str]]:
    """Give the texts around a template's `{{paths}}`, and the paths between them."""
    pieces = _DOUBLE.split(template)
    return pieces[::2], [text.trim(path) for path in pieces[1::2]]


def render(template: str, payload: Value) -> str:
    """Render a template that was made from the event."""
    # The first pass may join two halves of a character; that changes no match.
    return text.from_units(_expanded(_expanded(template, _TRIPLE, payload), _DOUBLE, payload))


def _expanded(template: str, placeholder: re.Pattern[str], payload: Value) -> str:
    pieces = placeholder.split(template)
    scope = _scope(payload)
    paths = [text.trim(path) for path in pieces[1::2]]
    pieces[1::2] = [_printed(follow_late(scope, path)) for path in paths]
    return "".join(pieces)


def _in_two_passes(template: str) -> Run:
    pieces = _TRIPLE.split(template)
    first = _filling(pieces[::2], [follow(text.trim(path)).run for path in pieces[1::2]])
    return lambda payload: text.from_units(_expanded(first(payload), _DOUBLE, payload))


def _filling(literals: list[str], fillings: list[Run]) -> Callable[[Value], str]:
    first, *rest = literals
    pairs = list(zip(fillings, rest, strict=True))

    def run(payload: Value) -> str:
        scope = _scope(payload)
        filled = first
        for filling, literal in pairs:
            value = filling(scope)
            filled += (value if isinstance(value, str) else _printed(value)) + literal
        return text.from_units(filled)

    return run


def _scope(payload: Value) -> Value:
    return {} if payload is UNDEFINED else payload


def _printed(value: Value) -> str:
    return "" if value is None or value is UNDEFINED else to_text(value)
