"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`text`: a sentence that must hold. `seen`: what was found, for a person who has to fix it.

    `skipped`: nobody knows whether it holds, and `seen` says why. Then `holds` is false.
    """

    text: str
    holds: bool
    seen: str = ""
    skipped: bool = False


def skipped(text: str, reason: str) -> Check:
    """Give the result of a check that could not be made."""
    return Check(text, holds=False, seen=reason, skipped=True)
