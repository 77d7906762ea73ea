"""A deliberate defect: a change to one place of the code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """In `file` (a path within the package), the text `old`, which occurs once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str
