"""Paths and templates that lead, mostly, to something in a payload."""

from __future__ import annotations

from random import Random

from tests.conformance.generated.values import KEYS, ODD_KEYS, Generated, text


class Paths:
    """Generates paths into `payload`."""

    def __init__(self, rng: Random, payload: Generated) -> None:
        self._rng = rng
        self._payload = payload

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def path(self) -> str:
        """Give a path, most likely to something that is there."""
        steps: list[str] = []
        at = self._payload
        while self._chance(0.92 if not steps else 0.6):
            if isinstance(at, dict) and at and self._chance(0.9):
                step = self._rng.choice(list(at))
                at = at[step]
            elif isinstance(at, list) and at and self._chance(0.9):
                index = self._rng.randrange(len(at))
                step, at = str(index), at[index]
            else:
                step, at = self._rng.choice([*KEYS[:14], *ODD_KEYS, "length", "name", "3"]), None
            steps.append(step)
        return self._rng.choice(["$.", "$.", "$.", "", ".", "$"]) + self._joined(steps)

    def _joined(self, steps: list[str]) -> str:
        joined = ""
        for step in steps:
            style = self._rng.random()
            if step.isdigit() and style < 0.5:
                joined += f"[{step}]"
            elif style < 0.04:
                joined += self._rng.choice([f"['{step}']", f'["{step}"]', f"[{step}]", f"..{step}"])
            else:
                joined += f".{step}" if joined else step
        if self._chance(0.03):
            at = self._rng.randint(0, len(joined))
            joined = joined[:at] + self._rng.choice(["[", "]", "'", ".", "$.", "0"]) + joined[at:]
        return joined

    def template(self) -> str:
        """Give a template."""
        pieces: list[str] = []
        for _ in range(self._rng.randint(0, 4)):
            kind = self._rng.random()
            path = self.path().removeprefix("$.") if self._chance(0.9) else self.path()
            if kind < 0.5:
                pieces.append("{{" + self._rng.choice(["", " ", "\u00a0"]) + path + "}}")
            elif kind < 0.6:
                pieces.append("{{{" + path + "}}}")
            elif kind < 0.65:
                pieces.append(
                    self._rng.choice(["{{", "}}", "{{}}", "{{ }}", "{{{{a}}}}", "{", "}"])
                )
            else:
                pieces.append(text(self._rng))
        return "".join(pieces)
