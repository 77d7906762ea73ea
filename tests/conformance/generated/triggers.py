"""Triggers: what Segment's screens write, what people write by hand, and near misses of both."""

from __future__ import annotations

import json
from random import Random

from segment_rehook.mapping.text import to_units
from tests.conformance.generated.values import (
    NUMBERS,
    ODD_KEYS,
    TEXTS,
    WORDS,
    Generated,
    event,
    value,
)

_NOISE = [
    "(",
    ")",
    "!",
    "=",
    '"',
    "'",
    ".",
    " ",
    ",",
    "[",
    "]",
    "\\",
    "-",
    "and",
    "or",
    "null",
    "5",
    "\r",
    "é",
    "😀",
    "<",
    "_",
]
_NAMED = [
    "exists",
    "not_exists",
    "starts_with",
    "is_true",
    "number_equals",
    "contains",
    "not_contains",
    "is_false",
    "ends_with",
    "number_not_equals",
]


def trigger_case(rng: Random) -> dict[str, Generated]:
    """Give a trigger and an event."""
    given = event(rng)
    fql = _Triggers(rng, given).trigger()
    return {"fql": fql, "event": given if rng.random() < 0.99 else value(rng, 1)}


class _Triggers:
    def __init__(self, rng: Random, given: dict[str, Generated]) -> None:
        self._rng = rng
        self._event = given
        self._leaf: Generated = None

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def trigger(self) -> Generated:
        if self._chance(0.01):
            return value(self._rng, 1)
        fql = self._conditions(3, brackets=True)
        while self._chance(0.12):
            fql = self._disturbed(fql)
        return fql

    def _conditions(self, most: int, *, brackets: bool) -> str:
        joint = self._rng.choice(["and", "or"])
        found = [self._one(brackets=brackets) for _ in range(self._rng.randint(1, most))]
        fql = found[0]
        for each in found[1:]:
            used = (
                joint if self._chance(0.85) else self._rng.choice(["and", "or", "AND", "nor", ","])
            )
            fql += self._blank() + used + self._blank() + each
        return fql

    def _one(self, *, brackets: bool) -> str:
        if brackets and self._chance(0.25):
            inner = self._conditions(2, brackets=self._chance(0.03))
            opening = self._rng.choice(["(", "(", "(", "( ", "!(", "!("])
            return f"{opening}{inner}{self._rng.choice([')', ')', ' )'])}"
        if self._chance(0.3):
            return self._function()
        return self._subject() + self._blank() + self._operator() + self._blank() + self._expected()

    def _blank(self) -> str:
        return (
            " "
            if self._chance(0.97)
            else self._rng.choice(["", "  ", "\t", "\n", "\r\n", "\u00a0"])
        )

    def _operator(self) -> str:
        kind = self._rng.random()
        if kind < 0.5:
            return self._rng.choice(["=", "!="])
        if kind < 0.9:
            return self._rng.choice(["<", ">", "<=", ">="])
        return self._rng.choice([*_NAMED, "==", "~", "<>", "is", "in", "!", "=="])

    def _function(self) -> str:
        name = self._rng.choice(["contains", "match", "match", "contains", "exists"])
        expected = self._expected()
        if name == "match" and self._chance(0.9):
            content = self._sought()
            patterns = [f"{content}*", f"*{content}", f"{content}*", f"*{content}", f"*{content}*"]
            expected = self._quoted(self._rng.choice(patterns))
        comma = self._rng.choice([", ", ", ", ", ", ",", " , ", " "])
        bang = self._rng.choice(["", "", "", "!", "!"] if self._chance(0.98) else ["! "])
        return f"{bang}{name}({self._subject()}{comma}{expected})"

    def _quoted(self, content: str) -> str:
        # A quote inside ends the string there: seldom wanted.
        if self._chance(0.95):
            content = content.replace('"', "")
        return f'"{content}"' if self._chance(0.93) else f"'{content}'"

    def _subject(self) -> str:
        kind = self._rng.random()
        if kind < 0.35:
            name = self._rng.choice(["type", "event", "name", "userId"])
            self._leaf = self._event.get(name)
            return name
        if kind < 0.93:
            source = self._rng.choice(["properties", "traits", "context"])
            return f"{source}{self._path(self._event.get(source))}"
        odd = [
            "properties",
            "traits",
            "messageId",
            "propertiesx.a",
            "type.x",
            "Type",
            "anonymousId",
        ]
        return self._rng.choice([*odd, *ODD_KEYS])

    def _path(self, at: Generated) -> str:
        path = ""
        while self._chance(0.9 if not path else 0.45):
            if isinstance(at, dict) and at and self._chance(0.85):
                step = self._rng.choice(list(at))
                at = at[step]
            elif isinstance(at, list) and at:
                index = self._rng.randrange(len(at))
                step, at = str(index), at[index]
            else:
                step, at = (
                    self._rng.choice(["a", "missing", "length", "0", "toString", "x y"]),
                    None,
                )
            path += self._written(step)
        self._leaf = at
        return path

    def _written(self, step: str) -> str:
        if step.isdigit() and self._chance(0.4):
            return f"[{step}]"
        if self._chance(0.03):
            return self._rng.choice([f".{step}", f'["{step}"]', f" . {step}"])
        escaped = "".join(
            unit if unit.isascii() and (unit.isalnum() or unit in "_-") else f"\\{unit}"
            for unit in to_units(step)
        )
        if step.isdigit() and self._chance(0.5):
            return f".\\{step}"
        return f".{escaped}"

    def _expected(self) -> str:
        if self._chance(0.45) and not isinstance(self._leaf, dict | list | str):
            return str(json.dumps(self._leaf))
        kind = self._rng.random()
        if kind < 0.5:
            return self._quoted(self._sought())
        if kind < 0.75:
            number = self._rng.choice([*NUMBERS, *range(6)])
            odd = ["5.0", "+5", "-", "1.5", "007", ".5", "1.", "1e3", "1.2.3"]
            if self._chance(0.15):
                return self._rng.choice(odd)
            return str(number) if self._chance(0.5) else str(self._rng.randint(-3, 30))
        return self._rng.choice(
            ["true", "false", "null", "null", "true", "false", "abc", "True", "NULL", "undefined"]
        )

    def _sought(self) -> str:
        kind = self._rng.random()
        leaves = list(_texts(self._event))
        if kind < 0.8 and leaves:
            known = isinstance(self._leaf, str) and self._chance(0.6)
            leaf = str(self._leaf) if known else self._rng.choice(leaves)
            start = self._rng.choice([0, 0, 0, self._rng.randint(0, len(leaf))])
            return leaf[start : self._rng.choice([None, None, self._rng.randint(0, len(leaf))])]
        if kind < 0.9:
            return self._rng.choice(["track", "identify", "5", "1", "true", ""])
        return self._rng.choice([*WORDS, *TEXTS])

    def _disturbed(self, fql: str) -> str:
        at = self._rng.randint(0, len(fql))
        if self._chance(0.4):
            return fql[:at] + fql[at + self._rng.randint(1, 3) :]
        if self._chance(0.3):
            return fql[:at]
        return fql[:at] + self._rng.choice(_NOISE) + fql[at:]


def _texts(given: Generated) -> list[str]:
    if isinstance(given, dict):
        return [text for inner in given.values() for text in _texts(inner)]
    if isinstance(given, list):
        return [text for inner in given for text in _texts(inner)]
    return [given] if isinstance(given, str) else []
