"""Whether the cut-over can be made now: each check with its figure, and go or no-go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from segment_rehook.delivery.settings import RedriveSettings
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.stack.figures import Figures
from segment_rehook_cli.stack.state import FRESH_SECONDS, StackState
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import DAY, HOUR, duration

__all__ = ["CutoverCheck", "Readiness", "checks"]

RECENT_SECONDS: Final = HOUR
METRIC_SECONDS: Final = 300.0
"""CloudWatch shows a figure within so many seconds."""

MAX_WAITING: Final = 120_000
"""SQS looks at so many messages of a FIFO queue; the users of further ones wait."""


class Readiness(StrEnum):
    """What a check says about the cut-over."""

    GO = "go"
    NO_GO = "no-go"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CutoverCheck:
    """A check: what was looked at, the figure in words, and what to do if it is not good."""

    name: str
    readiness: Readiness
    figure: str
    advice: str = ""

    def entry(self) -> dict[str, Any]:
        """Give it for a list in JSON."""
        return {
            "kind": "check",
            "check": self.name,
            "readiness": self.readiness.value,
            "figure": self.figure,
            "advice": self.advice or None,
        }


def checks(state: StackState, figures: Figures, at: float, now: float) -> Iterator[CutoverCheck]:
    """Make the checks for a cut-over at `at`, in Unix time. Raises what boto3 raises."""
    yield _mode(state, now)
    yield _begun(state, at)
    yield _long(state, at, now)
    yield _events(state, figures, now)
    yield from _queues(state, figures, at, now)
    yield _key_pair(figures, now)


def _mode(state: StackState, now: float) -> CutoverCheck:
    mode, since = state.mode.mode, state.mode.since
    if mode is not Mode.PAUSE or since is None:
        return CutoverCheck(
            "mode",
            Readiness.NO_GO,
            mode.value,
            "set it to pause, and choose a TIME that is a minute later or more",
        )
    return CutoverCheck("mode", Readiness.GO, f"pause for {duration(now - since)}")


def _begun(state: StackState, at: float) -> CutoverCheck:
    since = state.mode.since
    if state.cutover is not None and state.cutover.at == at:
        return CutoverCheck("stored from", Readiness.GO, "this cut-over has begun already")
    if state.cutover is not None and state.cutover.at is None:
        return CutoverCheck(
            "stored from",
            Readiness.UNKNOWN,
            "a cut-over is set whose time can't be read",
            "give the TIME that it was set for: with another one, events are lost or delivered "
            "twice",
        )
    if state.mode.mode is not Mode.PAUSE or since is None:
        return CutoverCheck("stored from", Readiness.NO_GO, "no event is stored for the cut-over")
    first = since + FRESH_SECONDS
    figure = f"all events from {time_text(round(first))} on"
    if at < first:
        return CutoverCheck(
            "stored from",
            Readiness.NO_GO,
            figure,
            "TIME is earlier, so events may be missing: choose a later TIME, at which the hosted "
            "destination was still enabled",
        )
    return CutoverCheck(
        "stored from", Readiness.GO, f"{figure}, {duration(at - first)} before TIME"
    )


def _long(state: StackState, at: float, now: float) -> CutoverCheck:
    """Whether events are parked as `expired` before deliveries begin, at `at` or now."""
    since = now if state.mode.since is None else state.mode.since
    end = since + RedriveSettings().hard_stop
    left = end - max(at, now)
    if left >= DAY:
        return CutoverCheck(
            "time left", Readiness.GO, f"{duration(left)} until the first events would be parked"
        )
    figure = f"{duration(left)} until the first events are parked as expired"
    if left < 0:
        figure = f"the first events are parked as expired {duration(-left)} before TIME"
    if end - now >= DAY:
        return CutoverCheck("time left", Readiness.NO_GO, figure, "choose an earlier TIME")
    return CutoverCheck(
        "time left",
        Readiness.UNKNOWN,
        figure,
        "discard those of before TIME, which the hosted destination has had (`segment-rehook "
        "failures discard --queue parked --reason expired`), and send back those of TIME and later",
    )


def _events(state: StackState, figures: Figures, now: float) -> CutoverCheck:
    since = max(now - RECENT_SECONDS, state.mode.since or 0.0)
    count = figures.total("EventsReceived", since, now)
    figure = f"{count} in the last {duration(now - since)}"
    if count:
        return CutoverCheck("events received", Readiness.GO, figure)
    return CutoverCheck(
        "events received",
        Readiness.UNKNOWN if now - since < METRIC_SECONDS else Readiness.NO_GO,
        figure,
        "enable the webhook destination in Segment, and wait five minutes for CloudWatch's figure",
    )


def _queues(state: StackState, figures: Figures, at: float, now: float) -> Iterator[CutoverCheck]:
    waiting, parked, since = figures.waiting(), figures.parked(), state.mode.since
    figure = f"{waiting}"
    if since is not None and state.mode.mode is Mode.PAUSE:
        before = figures.total("DeadLettersSent", since, now, until=min(at, now))
        later = figures.total("DeadLettersSent", at, now)
        figure += f"; stored before TIME, to be discarded: about {before}; from TIME on: {later}"
    if waiting >= MAX_WAITING:
        yield CutoverCheck(
            "events waiting",
            Readiness.UNKNOWN,
            figure,
            "it takes longer: SQS shows so many at a time, and a user's events behind them wait",
        )
    else:
        yield CutoverCheck("events waiting", Readiness.GO, figure)
    advice = "look at them first: those that you send back later are delivered" if parked else ""
    yield CutoverCheck("events parked", Readiness.GO, f"{parked}", advice)


def _key_pair(figures: Figures, now: float) -> CutoverCheck:
    refused = sum(
        figures.total("CredentialsRefused", now - DAY, now, service=service)
        for service in ("ingest", "redrive")
    )
    if refused:
        return CutoverCheck(
            "Rehook's key pair",
            Readiness.NO_GO,
            f"refused {counted(refused, 'time')} today",
            "put another one",
        )
    return CutoverCheck(
        "Rehook's key pair",
        Readiness.UNKNOWN,
        "not used during a pause",
        "`segment-rehook doctor` asks Rehook",
    )
