"""Queries in the language of CloudWatch Logs Insights, safe for any value that is asked for.

AWS does not document how a quotation mark or a backslash is escaped in a query's text. So no such
character is ever written into one: a query has only the plain parts of a value (letters, digits and
a few marks), and finds at least the lines that are asked for. The caller drops the others.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_LINES", "any_of", "begins", "equals", "query"]

MAX_LINES: Final = 10_000
"""What one answer of GetQueryResults can hold."""

MAX_PARTS: Final = 3
MAX_PART_CHARACTERS: Final = 120
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:@=+-]+")
_NAMING: Final = re.compile(r"[A-Za-z0-9_]")
_NOT_LITERAL: Final = re.compile(r"[.+]")


def equals(field: str, value: str) -> str:
    """Give a condition that each line fulfils whose field has this value."""
    if _is_plain(value):
        return f'{field} = "{value}"'
    return _has(field, value) or f"{field} like /^[^A-Za-z0-9_]+$/"


def begins(field: str, value: str) -> str:
    """Give a condition that each line fulfils whose field begins with this value."""
    if _is_plain(value):
        literal = _NOT_LITERAL.sub(lambda found: f"[{found[0]}]", value)
        return f"{field} like /^{literal}/"
    return _has(field, value) or f"{field} like /^[^A-Za-z0-9_]/"


def any_of(*conditions: str) -> str:
    """Give a condition that is fulfilled where one of `conditions` is."""
    return " or ".join(f"({each})" for each in conditions)


def query(condition: str) -> str:
    """Give a query for the outcomes' lines that fulfil the condition, the newest first."""
    return (
        "fields @timestamp, @message"
        f' | filter message = "outcome" and ({condition})'
        f" | sort @timestamp desc | limit {MAX_LINES}"
    )


def _is_plain(value: str) -> bool:
    return _PLAIN.fullmatch(value) is not None and len(value) <= MAX_PART_CHARACTERS


def _has(field: str, value: str) -> str:
    """Give a condition on the longest plain parts of a value; "" if none has a letter or digit."""
    parts = [each for each in set(_PLAIN.findall(value)) if _NAMING.search(each)]
    chosen = sorted(parts, key=lambda part: (-len(part), part))[:MAX_PARTS]
    return " and ".join(f'{field} like "{part[:MAX_PART_CHARACTERS]}"' for part in chosen)
