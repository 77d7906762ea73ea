"""What an operator puts into SSM for a stack: its secrets and its mode."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What a stack does with events."""

    DELIVER = "deliver"
    PAUSE = "pause"  # store them, deliver none
    DRY_RUN = "dry-run"  # map and answer, keep none


@dataclass(frozen=True, slots=True)
class Secrets:
    """One reading of the stack's parameters. `repr` shows none of it."""

    api_key: str
    api_secret: str
    shared_secrets: tuple[str, ...]
    tokens: tuple[str, ...]
    mode: Mode

    def __repr__(self) -> str:
        return "Secrets(…)"
