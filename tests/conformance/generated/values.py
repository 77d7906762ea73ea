"""JSON values and events that bring out where languages differ."""

from __future__ import annotations

import json
import math
from random import Random
from typing import TypeAlias

Generated: TypeAlias = object

WORDS = ["a", "b", "c", "plan", "items", "Order Completed", "email", "x y", "PRO", "Signed Up", "é"]
TEXTS = [
    "", " ", "0", "1", "007", "-5", "1e3", "0x1F", "Infinity", "NaN", "true", "false", "null",
    "abc", "a,b,c", "a.b", "$&", "$$1", "hello world", "\t\n x \u00a0", "\ufeffbom\u2028",
    "line\nend",
    "😀", "👩‍👩‍👧", "e\u0301", "\ud83d", "\ude00", "x\ud800y", "\U0001f600\U0001f601", "𐐨",
    "straße", "ŉ", "İstanbul", "ΟΔΟΣ", "ΑΣ Σ", "ǆ", "ﬁn", "Kelvin K", "ſ", "µ",
    "<b>&amp;\"'</b>", '{"a": 1, "b": [null, 2.50]}', "[1, 2", '"\\ud800"', "{}", "[]", " 12 ",
    '{"2":1,"b":0,"1":{"10":1,"9":2}}', '{"__proto__": {"a": 1}, "a": 2}', "1e999", "-0", "{{a}}",
    "{{{b}}}", "2024-02-29T23:59:59.123Z", "2021-01-01", "1700000000", "{", "}}", "\\", "a\\b",
    "\ud800\\", "tab\tx\u0000\u001f\u007f",
]  # fmt: skip
NUMBERS = [
    0, -0.0, 1, -1, 2, 5, 10, 25.0, 0.1, -2.5, 1.005, 99.99, 123456789, 2**31, 2**53 - 1, -(2**53),
    1e21, 1e20, 123456789012345680000.0, 1.5e300, 1e-7, 1e-6, 5e-324, 1.7976931348623157e308,
    0.30000000000000004, 4.35, 3.14159, 100.0, 1e16, 2.0**-1074 * 3,
]  # fmt: skip
KEYS = [
    "a", "b", "c", "items", "plan", "0", "1", "2", "10", "01", "-1", "1.5", "", "a.b", "x y", "é",
    "😀",
    "length", "name", "\ud800", "[0]", "'q'", '"d"', "$", "@path", "@x", "_metadata", "4294967294",
    "4294967295", "4294967296", "size", "first", "last", "true",
]  # fmt: skip
ODD_KEYS = ["toString", "valueOf", "constructor", "__proto__", "hasOwnProperty", "toJSON", "then"]

_INFINITY = "\u0001infinity\u0001"
_MINUS_INFINITY = "\u0001-infinity\u0001"


def scalar(rng: Random) -> Generated:
    """Give a text, number, boolean or null, half of them ordinary."""
    kind = rng.random()
    if kind < 0.45:
        return text(rng)
    if kind < 0.75:
        return number(rng)
    return rng.choice([True, False, None, None])


def text(rng: Random) -> str:
    """Give a text; a few are put together from others."""
    if rng.random() < 0.4:
        return rng.choice(WORDS)
    if rng.random() < 0.15:
        return rng.choice(TEXTS) + rng.choice(TEXTS)
    return rng.choice(TEXTS)


def number(rng: Random) -> float:
    """Give a number, sometimes one beyond all numbers."""
    kind = rng.random()
    if kind < 0.3:
        return rng.randint(-5, 30)
    if kind < 0.35:
        return rng.choice([math.inf, -math.inf])
    if kind < 0.45:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 40)
    return rng.choice(NUMBERS)


def key(rng: Random) -> str:
    """Give an object's key."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(KEYS[:6])
    return rng.choice(ODD_KEYS) if kind < 0.65 else rng.choice(KEYS)


def value(rng: Random, depth: int = 3) -> Generated:
    """Give any JSON value of at most `depth` levels."""
    kind = rng.random()
    if depth <= 0 or kind < 0.45:
        return scalar(rng)
    if kind < 0.7:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return {key(rng): value(rng, depth - 1) for _ in range(rng.randint(0, 5))}


def deep(rng: Random) -> Generated:
    """Give a value of up to 60 levels."""
    nested: Generated = scalar(rng)
    for _ in range(rng.randint(10, 60)):
        nested = [nested] if rng.random() < 0.5 else {rng.choice(["a", "0", "b"]): nested}
    return nested


def event(rng: Random) -> dict[str, Generated]:
    """Give an event: the members that triggers and mappings look at, of right and wrong types."""
    made: dict[str, Generated] = {}
    for name in ("type", "event", "userId", "name", "properties", "traits", "context"):
        if rng.random() < 0.75:
            made[name] = _member(rng, name)
    while rng.random() < 0.4:
        made[key(rng)] = value(rng)
    return made


def _member(rng: Random, name: str) -> Generated:
    if rng.random() < 0.12:
        return value(rng, 2)
    if name == "type":
        return rng.choice(["track", "identify", "page"])
    if name in {"event", "name", "userId"}:
        return rng.choice([text(rng), rng.choice(WORDS), number(rng)])
    if rng.random() < 0.03:
        return deep(rng)
    return {key(rng): value(rng) for _ in range(rng.randint(1, 6))}


def line(case: Generated) -> str:
    """Write a case as one line of ASCII JSON; infinite numbers as `1e999`."""
    written = json.dumps(_finite(case), ensure_ascii=True, allow_nan=False)
    return written.replace(json.dumps(_INFINITY), "1e999").replace(
        json.dumps(_MINUS_INFINITY), "-1e999"
    )


def _finite(case: Generated) -> Generated:
    if isinstance(case, dict):
        return {name: _finite(inner) for name, inner in case.items()}
    if isinstance(case, list):
        return [_finite(inner) for inner in case]
    if isinstance(case, float) and math.isinf(case):
        return _INFINITY if case > 0 else _MINUS_INFINITY
    return case
