"""`@template`: text with `{{paths}}` in it.

Two passes, as mapping-kit makes them: `{{{path}}}` first, then `{{path}}` on what came out, so
that what the first pass puts in is expanded again. Paths have no `$.`; null and undefined become
nothing, all else what `String(value)` gives.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.mapping import text
from segment_rehook.mapping.compiled_part import CompiledPart, Run, constant, reads_of
from segment_rehook.mapping.paths import follow, follow_late
from segment_rehook.mapping.values import UNDEFINED, to_text

if TYPE_CHECKING:
    from segment_rehook.mapping.values import Value

_TRIPLE = re.compile(r"\{\{\{([^}]+)\}\}\}")
_DOUBLE = re.compile(r"\{\{([^}]+)\}\}")


def compile_template(template: str) -> CompiledPart:
    """Compile a template that is known beforehand."""
    if _TRIPLE.search(template):
        # What the first pass puts in may name further paths: nothing is known before the event.
        return CompiledPart(lambda payload: render(template, payload), None)
    literals, names = placeholders(template)
    if not names:
        return constant(text.from_units(template))
    paths = [follow(name) for name in names]
    return CompiledPart(_filling(literals, [path.run for path in paths]), reads_of(paths))


def placeholders(template: str) -> tuple[list[str], list[str]]:
    """Take a template apart: the texts around its `{{paths}}`, and the paths between them."""
    pieces = _DOUBLE.split(template)
    return pieces[::2], [text.trim(path) for path in pieces[1::2]]


def render(template: str, payload: Value) -> str:
    """Render a template that only the event gives."""

    def expand(found: re.Match[str]) -> str:
        return _printed(follow_late(_scope(payload), text.trim(found[1])))

    # The halves of a character may meet in the first pass already; that changes no match.
    return text.from_units(_DOUBLE.sub(expand, _TRIPLE.sub(expand, template)))


def _filling(literals: list[str], fillings: list[Run]) -> Run:
    first, *rest = literals

    def run(payload: Value) -> str:
        scope = _scope(payload)
        pieces = [first]
        for filling, literal in zip(fillings, rest, strict=True):
            pieces += (_printed(filling(scope)), literal)
        return text.from_units("".join(pieces))

    return run


def _scope(payload: Value) -> Value:
    return {} if payload is UNDEFINED else payload


def _printed(value: Value) -> str:
    return "" if value is None or value is UNDEFINED else to_text(value)
