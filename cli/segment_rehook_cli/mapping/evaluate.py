"""`segment-rehook evaluate`: mappings and triggers alone, one line of JSON in, one line out.

    {"mapping": …, "input": …}  →  {"output": …} (`{}` where the result is undefined)
    {"fql": "…", "event": …}    →  {"match": true|false}

or `{"error": "…"}` if the engine throws or a trigger can't be parsed. An answer is written as
`JSON.stringify` writes that of Segment's engine, but in ASCII, and integers keep their digits.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import STACK_EXHAUSTED, LanguageError
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.mapping import compile_mapping, require_object
from segment_rehook.mapping.stringify import stringify
from segment_rehook.mapping.text import to_units
from segment_rehook.segment.jsontext import JSON, JsonError, NotJson, TooDeep, decode, decode_slowly
from segment_rehook.segment.slices import nesting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH = 2_000
"""Levels of nesting in one line. Segment's engine fails at about as many, Python 3.12 at fewer."""

_FRAMES = 20 * MAX_DEPTH
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


def evaluate(lines: Iterable[bytes | str]) -> Iterator[str]:
    """Return one answer per line, without its line end. Raises only what reading a line raises."""
    for line in lines:
        text = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
        with _deep_stack():
            answer = str(stringify(_answer(text)))
        yield _BEYOND_ASCII.sub(_escape, to_units(answer))


def _answer(line: bytes) -> dict[str, object]:
    try:
        question = _read(line)
        if not isinstance(question, dict):
            raise NotJson("a line must be an object")
        if "fql" in question:
            return {"match": _match(question)}
        if "mapping" in question:
            return {"output": _map(question)}
        raise NotJson('a line must have "mapping" and "input", or "fql" and "event"')
    except (JsonError, LanguageError) as error:
        return {"error": str(error)}
    except RecursionError:
        return {"error": STACK_EXHAUSTED}


def _read(line: bytes) -> JSON:
    try:
        return decode(line)
    except TooDeep:
        if nesting(line) > MAX_DEPTH:
            raise
        return decode_slowly(line)


def _match(question: dict[str, JSON]) -> bool:
    fql = question["fql"]
    trigger = compile_trigger(fql if isinstance(fql, str) else "")
    return "event" in question and trigger.holds(question["event"])


def _map(question: dict[str, JSON]) -> object:
    payload = question.get("input", {})
    require_object(payload)  # the engine checks the payload before the mapping
    return compile_mapping(question["mapping"]).resolve(payload)


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Raise the recursion limit: this command may read deeper nesting than a function."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
