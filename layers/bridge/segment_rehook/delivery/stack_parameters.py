"""The parameters of a stack that an operator puts into SSM: its secrets and its mode."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What a stack does with events."""

    DELIVER = "deliver"
    PAUSE = "pause"  # stores events and delivers none
    DRY_RUN = "dry-run"  # maps events and answers, but neither delivers nor stores them


@dataclass(frozen=True, slots=True)
class Secrets:
    """The stack's parameters, as read at one time. `repr` shows none of them.

    `user_key`: makes the hashes of users in the log; None if the stack has no usable one.
    """

    api_key: str
    api_secret: str
    shared_secrets: tuple[str, ...]
    tokens: tuple[str, ...]
    mode: Mode
    user_key: bytes | None = None

    def __repr__(self) -> str:
        return "Secrets(…)"
