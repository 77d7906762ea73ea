"""Which events of an archive a command takes: by time, type and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from segment_rehook.segment.event import Event
from segment_rehook.segment.event_time import unix_time
from segment_rehook_cli.log.time_window import window

__all__ = ["Choice", "EventNames", "EventTypes", "From", "To", "time_of"]

From = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Take events with a timestamp from then on: 30m, 6h, 2d ago, or 2026-11-27T14:00Z.",
    ),
]
To = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Take events up to then: as --since."),
]
EventTypes = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="TYPE", help="Take this type only, such as track. May be repeated."
    ),
]
EventNames = Annotated[
    list[str] | None,
    typer.Option(
        "--event", metavar="NAME", help="Take track events of this name only. May be repeated."
    ),
]


def time_of(event: Event) -> float | None:
    """Give when the event happened, in seconds since 1970: its timestamp, else its receivedAt."""
    happened = unix_time(event.member("timestamp"))
    return unix_time(event.member("receivedAt")) if happened is None else happened


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken. Empty types or names: all of them. `since`, `until`: seconds since 1970."""

    since: float | None = None
    until: float | None = None
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of_options(
        cls,
        since: str | None,
        until: str | None,
        types: Sequence[str] | None,
        names: Sequence[str] | None,
        *,
        now: float,
    ) -> Choice:
        """Read the options. Raises typer.BadParameter, which names the option."""
        read = window(since, until, now=now, default=now)
        return cls(
            since=None if since is None else read.since,
            until=None if until is None else read.until,
            types=tuple(sorted(set(types or ()))),
            names=tuple(sorted(set(names or ()))),
        )

    @classmethod
    def of_json(cls, members: dict[str, Any]) -> Choice:
        """Read what `dataclasses.asdict` gave. Raises TypeError if it is anything else."""
        types, names = tuple(members.pop("types")), tuple(members.pop("names"))
        return cls(types=types, names=names, **members)

    def takes(self, event: Event, at: float | None) -> bool:
        """Whether the event is taken. `at`: its time; without one no --since or --until takes it.

        Raises nothing, whatever the event's members are.
        """
        if self.since is not None and (at is None or at < self.since):
            return False
        if self.until is not None and (at is None or at > self.until):
            return False
        if self.types and event.type not in self.types:
            return False
        return not self.names or (event.type == "track" and event.name in self.names)
