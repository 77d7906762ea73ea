"""The parameters of a stack that an operator puts into SSM: secrets, mode and cut-over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """What a stack does with events."""

    DELIVER = "deliver"
    PAUSE = "pause"  # stores events and delivers none
    DRY_RUN = "dry-run"  # maps events and answers, but neither delivers nor stores them


@dataclass(frozen=True, slots=True)
class Secrets:
    """The stack's parameters, as read at one time. `repr` shows none of them.

    `user_key`: makes the hashes of users in the log; None if the stack has no usable one.
    `cutover`: events of before this time are the hosted destination's, in seconds of Unix time;
    None if no cut-over is set.
    """

    api_key: str
    api_secret: str
    shared_secrets: tuple[str, ...]
    tokens: tuple[str, ...]
    mode: Mode
    user_key: bytes | None = None
    cutover: float | None = None

    def __repr__(self) -> str:
        return "Secrets(…)"

    @property
    def instructions(self) -> Instructions:
        """What these parameters say about delivering."""
        return Instructions(self.mode is not Mode.DELIVER, self.cutover)


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the parameters say about delivering.

    `paused`: nothing is delivered and nothing is discarded. `cutover`: see `Secrets`.
    """

    paused: bool
    cutover: float | None = None

    @property
    def announces_cutover(self) -> bool:
        """Whether a cut-over is set that has no effect so far."""
        return self.paused and self.cutover is not None

    def discards(self, received: float) -> bool:
        """Whether an event of this time (in seconds of Unix time) is not to be delivered."""
        return not self.paused and self.cutover is not None and received < self.cutover


DELIVER_ALL: Final = Instructions(paused=False)
