"""When each secret or token was last matched by a request, from the metric `AccessMatched`.

The metric names a credential by its position in the parameter (`secret-1`), never by its value.
Positions move when the parameter is put. So the parameter's history says which line a position
meant at a time. Functions keep a parameter for up to a minute after it was changed, so around a
change a position can mean either line: such a match counts as possible for both, and as sure for
neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segment_rehook.aws.parameters import SecretName
from segment_rehook_cli.secrets.parameter_store import SecretVersion
from segment_rehook_cli.stack.metrics import read_points, written_by
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.durations import DAY, MINUTE, duration

__all__ = ["PERIOD", "WINDOW", "LineMatches", "line_matches", "read_matches"]

PERIOD: Final = MINUTE
"""The metric's resolution in seconds. CloudWatch keeps it for 15 days."""

WINDOW: Final = 14 * DAY
"""For how many seconds back the metric is read."""

STALE_SECONDS: Final = 120.0
"""For so long after a change a function may use the old value: its cache, and clocks."""

KINDS: Final = {SecretName.SHARED_SECRETS: "secret", SecretName.TOKENS: "token"}


@dataclass(frozen=True, slots=True)
class LineMatches:
    """When requests matched one line, in seconds of Unix time; None: in no minute that was read.

    `last_at`: the end of the last minute in which one may have. `first_sure_at`: the end of the
    first minute in which one surely has, since the line is live without a break. `live_since`:
    when that began; 0 where the history does not tell.
    """

    last_at: float | None = None
    first_sure_at: float | None = None
    live_since: float = 0.0

    def unmatched(self, now: float) -> str:
        """Say for how long no request has matched it. `now`: in Unix time, seconds."""
        age = now - self.live_since
        return "in 14 days" if age > WINDOW else f"since it was put {duration(age)} ago"


def read_matches(
    stack: Stack, name: SecretName, positions: int, now: float
) -> dict[int, list[float]]:
    """Give for each position (from 1) the minutes with a match, by their beginning in Unix time.

    `positions`: how many to ask for. Raises what boto3 raises.
    """
    asked = {
        number: written_by(
            stack.name, "ingest", "AccessMatched", "Sum", credential=f"{KINDS[name]}-{number}"
        )
        for number in range(1, positions + 1)
    }
    client = stack.client("cloudwatch")
    found = read_points(client, asked.values(), now - WINDOW, now + PERIOD, PERIOD)
    return {
        number: [at for at, count in found[metric].items() if count > 0]
        for number, metric in asked.items()
    }


def line_matches(
    versions: Sequence[SecretVersion], minutes: Mapping[int, Iterable[float]]
) -> dict[str, LineMatches]:
    """Give the matches of each line of the newest version. `minutes`: of `read_matches`."""
    last: dict[str, float] = {}
    first_sure: dict[str, float] = {}
    live_from = _live_from(versions)
    for position, beginnings in minutes.items():
        for begin in beginnings:
            end = begin + PERIOD
            meant = _meant(versions, position, begin, end)
            for line in meant:
                last[line] = max(last.get(line, end), end)
            if len(meant) == 1 and begin >= live_from.get(line := next(iter(meant)), 0.0):
                first_sure[line] = min(first_sure.get(line, end), end)
    return {
        line: LineMatches(last.get(line), first_sure.get(line), live_from[line])
        for line in (versions[-1].lines if versions else ())
    }


def _live_from(versions: Sequence[SecretVersion]) -> dict[str, float]:
    """Give since when each line is live without a break, in Unix time.

    A line that was removed and added again is a new one: what matched it before says nothing about
    the change back to it.
    """
    found: dict[str, float] = {}
    for version in versions:
        found = {line: found.get(line, version.put_at) for line in version.lines}
    return found


def _meant(versions: Sequence[SecretVersion], position: int, begin: float, end: float) -> set[str]:
    """Give the lines that a position may have meant in a minute."""
    found: set[str] = set()
    for number, version in enumerate(versions):
        gone = versions[number + 1].put_at + STALE_SECONDS if number + 1 < len(versions) else end
        lines = version.lines
        if version.put_at < end and begin < gone and len(lines) >= position:
            found.add(lines[position - 1])
    return found
