"""`@replace`: replaces text as `String.replace` does with an escaped pattern.

The pattern is plain text in UTF-16 units. The replacement may contain `$$` (a dollar sign), `$&`
(the match), and the text before and after the match.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.mapping import text
from segment_rehook.mapping.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PATTERN_LENGTH = 10
MAX_REPLACEMENT_LENGTH = 10

_AROUND = re.compile(r"\$[`']")
_SPECIAL = re.compile(r"\$([$&`'])")


def replace(
    value: str, pattern: str, replacement: str, *, ignore_case: bool, everywhere: bool
) -> str:
    """Replace the first match or, `everywhere`, all matches.

    Raises MappingError where the pattern or the replacement has more than ten UTF-16 units.
    """
    if text.length(pattern) > MAX_PATTERN_LENGTH:
        raise MappingError(
            f'@replace requires a "pattern" less than {MAX_PATTERN_LENGTH} characters'
        )
    if text.length(replacement) > MAX_REPLACEMENT_LENGTH:
        raise MappingError(
            f'@replace requires a "replacement" less than {MAX_REPLACEMENT_LENGTH} characters'
        )
    units, sought = text.to_units(value), text.to_units(pattern)
    constant = "$" not in replacement
    if sought and not ignore_case and (constant or not _AROUND.search(replacement)):
        expanded = replacement if constant else _expand(replacement, sought, 0, len(sought))
        return text.from_units(units.replace(sought, expanded, -1 if everywhere else 1))
    searched = text.fold(units) if ignore_case else units
    found = _places(searched, text.fold(sought) if ignore_case else sought)
    pieces: list[str] = []
    done = 0
    for start in found:
        end = start + len(sought)
        inserted = replacement if constant else _expand(replacement, units, start, end)
        pieces += (units[done:start], inserted)
        done = end
        if not everywhere:
            break
    return text.from_units("".join([*pieces, units[done:]]))


def _places(searched: str, sought: str) -> Iterator[int]:
    start = searched.find(sought)
    while start >= 0:
        yield start
        start = searched.find(sought, start + len(sought))


def _expand(replacement: str, value: str, start: int, end: int) -> str:
    meaning = {"$": "$", "&": value[start:end], "`": value[:start], "'": value[end:]}
    return _SPECIAL.sub(lambda special: meaning[special[1]], replacement)
