"""Paths as mapping-kit reads them: `$.traits.emails[0]`.

The first `$.` is removed, wherever it stands. The path is cut at dots, at a bracket before a quote
or a digit, and at brackets after one; then quotes are removed. So no path can name a key with a dot
in it, and no path is malformed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from segment_rehook.mapping.compiled_part import CompiledPart
from segment_rehook.mapping.members import walk

if TYPE_CHECKING:
    from segment_rehook.mapping.values import Value

_CUT = re.compile(r"""\[(?=["'0-9])|\.|(?<=["'0-9])\]+""")
_QUOTES = re.compile("['\"]")


@lru_cache(maxsize=1024)
def steps_of(path: str) -> tuple[str, ...]:
    """Give a path's keys; none for the root, which is `""` or only dots."""
    return tuple(_QUOTES.sub("", step) for step in _CUT.split(path) if step)


def without_root(path: str) -> str:
    """Remove the first `$.`, as `@path` and `@arrayPath` do and templates do not."""
    return path.replace("$.", "", 1)


def follow(path: str) -> CompiledPart:
    """Compile a constant path."""
    steps = steps_of(path)
    if not steps:
        return CompiledPart(lambda payload: payload, None)

    if len(steps) > 1:
        return CompiledPart(lambda payload: walk(payload, steps), frozenset(steps[:1]))
    (step,) = steps

    def run(payload: Value) -> Value:
        if isinstance(payload, dict) and step in payload:
            return payload[step]
        return walk(payload, steps)

    return CompiledPart(run, frozenset(steps))


def follow_late(payload: Value, path: str) -> Value:
    """Follow a path that was made from the event."""
    return walk(payload, steps_of(path))
