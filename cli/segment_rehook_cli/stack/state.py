"""A stack's mode and cut-over as they are in SSM, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import CUTOVER, MODE, cutover_from, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.event_time import time_text

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = [
    "FRESH_SECONDS",
    "CutoverSet",
    "ModeSet",
    "StackState",
    "put_cutover",
    "read_state",
    "remove_cutover",
]

FRESH_SECONDS: Final = 75.0
"""After so many seconds all functions have read a parameter that was put: they keep it for 60."""


@dataclass(frozen=True, slots=True)
class ModeSet:
    """The mode. `since`: when it was put, in Unix time; None if the parameter does not exist."""

    mode: Mode
    since: float | None


@dataclass(frozen=True, slots=True)
class CutoverSet:
    """The cut-over. `at`: its time, None if the text is none. `since`: when it was put."""

    at: float | None
    since: float

    @property
    def text(self) -> str:
        """The time for people."""
        return "a time that can't be read" if self.at is None else time_text(self.at)


@dataclass(frozen=True, slots=True)
class StackState:
    """Both, and the warnings that the functions log about them. `cutover`: None if none is set."""

    mode: ModeSet
    cutover: CutoverSet | None
    warnings: tuple[str, ...]


def read_state(client: SSMClient, path: str) -> StackState:
    """Read the parameters under the stack's path. Raises what boto3 raises."""
    names = {f"{path}/{name}": name for name in (MODE, CUTOVER)}
    found = {
        names[each["Name"]]: (each.get("Value", ""), each["LastModifiedDate"].timestamp())
        for each in client.get_parameters(Names=[*names])["Parameters"]
    }
    mode, warnings = mode_from(found[MODE][0] if MODE in found else None, path)
    cutover = None
    if CUTOVER in found:
        at, more = cutover_from(found[CUTOVER][0], path)
        cutover, warnings = CutoverSet(at, found[CUTOVER][1]), [*warnings, *more]
    since = found[MODE][1] if MODE in found else None
    return StackState(ModeSet(mode, since), cutover, tuple(warnings))


def put_cutover(client: SSMClient, path: str, at: float) -> None:
    """Set the cut-over as a plain String parameter: it is not a secret."""
    client.put_parameter(
        Name=f"{path}/{CUTOVER}",
        Description="Events that Segment received before this time are not delivered",
        Value=time_text(at),
        Type="String",
        Overwrite=True,
    )


def remove_cutover(client: SSMClient, path: str) -> None:
    """Remove the cut-over; it need not be there."""
    client.delete_parameters(Names=[f"{path}/{CUTOVER}"])
