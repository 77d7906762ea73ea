"""What a deliberate defect is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """In `file` (below the package), `old`, which stands there once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str
