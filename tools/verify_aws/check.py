"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`text`: a sentence that must hold. `seen`: what was found, for a person who has to fix it."""

    text: str
    holds: bool
    seen: str = ""
