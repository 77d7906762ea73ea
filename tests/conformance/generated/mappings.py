"""Mappings: every directive, nested in every other, right, wrong and nearly right."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.conformance.generated.paths import Paths
from tests.conformance.generated.values import (
    TEXTS,
    WORDS,
    Generated,
    event,
    key,
    scalar,
    text,
    value,
)

ROOT_KEY = "__segment_internal_directive"


def mapping_case(rng: Random) -> dict[str, Generated]:
    """Give a mapping and the payload it works on."""
    payload = event(rng)
    given: Generated = payload if rng.random() < 0.98 else value(rng, 2)
    return {"mapping": Mappings(rng, payload).mapping(), "input": given}


class Mappings(Paths):
    """Generates mappings whose paths lead, mostly, somewhere in `payload`."""

    def __init__(self, rng: Random, payload: Generated) -> None:
        super().__init__(rng, payload)
        self._directives: dict[str, Callable[[int], Generated]] = {
            "@path": lambda depth: self.textual(depth, self.path),
            "@template": lambda depth: self.textual(depth, self.template),
            "@literal": self.any,
            "@if": self.condition,
            "@case": self.case,
            "@replace": self.replace,
            "@arrayPath": self.array_path,
            "@json": self.json,
            "@flatten": self.flatten,
            "@merge": self.merge,
            "@transform": self.transform,
            "@excludeWhenNull": self.any,
        }

    def mapping(self) -> Generated:
        """Give a whole mapping."""
        if self._chance(0.03):
            return value(self._rng, 2)
        if self._chance(0.08):
            return self.rooted()
        if self._chance(0.08):
            return self.directive(3)
        return self.object(3)

    def rooted(self) -> Generated:
        """Give a mapping with a root directive."""
        mapping = {self.name(): self.any(2) for _ in range(self._rng.randint(0, 3))}
        name = self._rng.choice(["@arrayPath", "@transform", "@merge", "@flatten", "@if", "@path"])
        root: Generated = {name: self._directives[name](2)}
        if name == "@transform" and self._chance(0.7):
            root = {name: {"apply": self.object(2)}}
        if self._chance(0.2):
            root = value(self._rng, 2)
        mapping[ROOT_KEY] = root
        return mapping

    def object(self, depth: int) -> dict[str, Generated]:
        """Give an object whose members are mappings."""
        return {self.name(): self.any(depth - 1) for _ in range(self._rng.randint(0, 4))}

    def name(self) -> str:
        """Give a field's name."""
        if self._chance(0.7):
            return self._rng.choice(["a", "b", "source_id", "metadata", "1", "0", "x"])
        # A built-in function under this name would be called by JSON.stringify.
        return key(self._rng).replace("toJSON", "x")

    def any(self, depth: int) -> Generated:
        """Give a directive, most likely, or something else."""
        kind = self._rng.random()
        if depth > 0 and kind < 0.65:
            return self.directive(depth)
        if depth > 0 and kind < 0.75:
            return self.object(depth)
        if depth > 0 and kind < 0.8:
            return [self.any(depth - 1) for _ in range(self._rng.randint(0, 3))]
        return scalar(self._rng) if kind < 0.9 else {"@path": self.path()}

    def directive(self, depth: int) -> Generated:
        """Give a directive; a few have something wrong about them."""
        name = self._rng.choice(list(self._directives))
        made: dict[str, Generated] = {name: self._directives[name](depth)}
        if self._chance(0.05):
            made["_metadata"] = value(self._rng, 1)
        if self._chance(0.015):
            made[self._rng.choice(["@path", "@bogus", "extra", "@if"])] = scalar(self._rng)
        if self._chance(0.015):
            made = {self._rng.choice(["@bogus", "@Path", "@", "@toString"]): made[name]}
        if self._chance(0.02):
            made[name] = value(self._rng, 2)
        # What stands in a list is not validated: it shows what happens at run time.
        return [made] if self._chance(0.12) else made

    def textual(self, depth: int, static: Callable[[], str]) -> Generated:
        """Give text, or a directive that gives text."""
        if depth > 1 and self._chance(0.08):
            return {"@literal": static()} if self._chance(0.7) else self.directive(depth - 1)
        return static()

    def condition(self, depth: int) -> Generated:
        """Give the options of `@if`."""
        options: dict[str, Generated] = {}
        subject = {"@path": self.path()} if self._chance(0.7) else self.any(depth - 1)
        options["blank" if self._chance(0.45) else "exists"] = subject
        if self._chance(0.08):
            options["blank" if "exists" in options else "exists"] = self.any(depth - 1)
        if self._chance(0.9):
            options["then"] = self.any(depth - 1)
        if self._chance(0.7):
            options["else"] = self.any(depth - 1)
        return options

    def case(self, depth: int) -> Generated:
        """Give the options of `@case`."""
        operators = ["lower", "upper", "lower", "upper", "Lower", "title", "", None]
        options: dict[str, Generated] = {"operator": self._rng.choice(operators)}
        if self._chance(0.95):
            options["value"] = self.source(depth)
        return options

    def source(self, depth: int) -> Generated:
        """Give text, or a directive: what `@case` and `@replace` work on."""
        kind = self._rng.random()
        if kind < 0.5:
            return {"@path": self.path()}
        return text(self._rng) if kind < 0.7 else self.any(depth - 1)

    def replace(self, depth: int) -> Generated:
        """Give the options of `@replace`."""
        options: dict[str, Generated] = {"pattern": self._pattern(), "value": self.source(depth)}
        if self._chance(0.75):
            options["replacement"] = self._replacement()
        if self._chance(0.2):
            options["pattern2"] = self._pattern()
        if self._chance(0.2):
            options["replacement2"] = self._replacement()
        for name in ("ignorecase", "global"):
            if self._chance(0.35):
                options[name] = self._rng.choice([True, False, True, False, True, False, None, 1])
        if self._chance(0.03):
            options.pop(self._rng.choice(list(options)))
        if self._chance(0.05):
            options[self._rng.choice(list(options))] = scalar(self._rng)
        return options

    def _pattern(self) -> str:
        odd = [
            *"abceiosk.*+?()[]{}^$|/-#, 0125ΣσςßİıſKµμ",
            "\ud83d",
            "\ude00",
            "\n",
            "\u2028",
            "é",
            "É",
            "an",
        ]
        if self._chance(0.1):
            return self._rng.choice(TEXTS)
        return "".join(self._rng.choice(odd) for _ in range(self._rng.choice([1, 1, 1, 2])))

    def _replacement(self) -> str:
        odd = [
            "",
            "_",
            "$&",
            "$$",
            "$`",
            "$'",
            "$1",
            "$0",
            "$",
            "$<a>",
            "[$&]",
            "$$$$$&",
            "x" * 11,
            "😀" * 5,
        ]
        return self._rng.choice([*odd, *WORDS])

    def array_path(self, depth: int) -> Generated:
        """Give the options of `@arrayPath`."""
        options: list[Generated] = [self.path() if self._chance(0.85) else self.any(depth - 1)]
        if self._chance(0.85):
            shape = self._inner().object(depth) if self._chance(0.8) else self.any(depth - 1)
            options.append(shape)
        return options if self._chance(0.97) else options[:0]

    def _inner(self) -> Mappings:
        # Paths of an item's shape lead on from somewhere inside the payload.
        at = self._payload
        while isinstance(at, dict | list) and at and self._chance(0.7):
            at = self._rng.choice(list(at.values()) if isinstance(at, dict) else at)
        return Mappings(self._rng, at)

    def json(self, depth: int) -> Generated:
        """Give the options of `@json`."""
        modes = ["encode", "decode", "encode", "decode", "ENCODE", "other"]
        source = self.any(depth - 1) if self._chance(0.5) else {"@path": self.path()}
        if self._chance(0.15):
            source = self._rng.choice(TEXTS)
        return {"value": source, "mode": self._rng.choice(modes)}

    def flatten(self, depth: int) -> Generated:
        """Give the options of `@flatten`."""
        separators: list[Generated] = [".", "_", "", " ", "\ud83d", {"@literal": "-"}, 5]
        options: dict[str, Generated] = {
            "separator": self._rng.choice(separators[:2] * 5 + separators)
        }
        if self._chance(0.95):
            options["value"] = {"@path": self.path()} if self._chance(0.6) else self.any(depth - 1)
        if self._chance(0.3):
            options["omitArrays"] = self._rng.choice([True, False, 1, 0, "x", None])
        return options

    def merge(self, depth: int) -> Generated:
        """Give the options of `@merge`."""
        directions: list[Generated] = [
            "left",
            "right",
            "left",
            "right",
            "LEFT",
            "up",
            None,
            {"@literal": "left"},
        ]
        objects: list[Generated] = [
            {"@path": self.path()} if self._chance(0.5) else self.object(depth - 1)
            for _ in range(self._rng.randint(0, 4))
        ]
        if self._chance(0.1):
            objects.append(self.any(depth - 1))
        options: dict[str, Generated] = {
            "objects": objects if self._chance(0.97) else scalar(self._rng)
        }
        if self._chance(0.95):
            options["direction"] = self._rng.choice(directions)
        return options

    def transform(self, depth: int) -> Generated:
        """Give the options of `@transform`."""
        apply: Generated = self.object(depth) if self._chance(0.8) else self.any(depth - 1)
        if self._chance(0.05):
            apply = self.rooted()
        mapping = Mappings(self._rng, apply).any(depth - 1)
        return {"apply": apply, "mapping": mapping if self._chance(0.7) else {"@path": "$."}}
