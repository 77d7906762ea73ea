"""The options of `replay` as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segment_rehook_cli.archive.choice import Choice

__all__ = ["DEFAULT_RATE", "ReplayOptions"]

DEFAULT_RATE: Final = 20.0
"""Events a second. Rehook documents no limit; Segment's usual traffic goes on beside a replay."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """`files`: the archive, in order. `rate`: events a second. `job`: the job's file."""

    files: tuple[Path, ...]
    choice: Choice
    rate: float
    dry_run: bool
    again: bool
    beyond_ledger: bool
    job: Path | None
    yes: bool
    as_json: bool
