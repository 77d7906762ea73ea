"""Whether the stack delivers, since when it does not, and whether a cut-over is still set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.cutover.steps import RETRY_SECONDS
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.stack.state import CutoverSet, ModeSet
from segment_rehook_cli.terminal.durations import duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_mode"]


def check_mode(subject: Subject) -> Iterator[CheckResult]:
    """Look at both parameters (ssm:GetParameters). A mode began when its parameter was put."""
    state = subject.state
    at = state.cutover.at if state.cutover else None
    if state.cutover is not None and at is None:
        yield _unreadable(subject, state.mode, state.cutover)
    # With a time that can't be read nothing is delivered: then `deliver` is not said to be well.
    if state.cutover is None or at is not None or state.mode.mode is not Mode.DELIVER:
        yield _mode(subject, state.mode, at)
    if at is not None:
        yield _cutover(subject, state.mode.mode, at)


def _mode(subject: Subject, mode: ModeSet, cutover: float | None) -> CheckResult:
    if mode.since is None:
        return ok(f"{mode.mode} (it was never set)")
    age = f"since {utc_time(mode.since)} ({duration(subject.now() - mode.since)})"
    deliver = subject.command("mode deliver")
    if not mode.known:
        return finding(f"its value is unknown and counts as {mode.mode}, {age}", deliver)
    if mode.mode is Mode.DELIVER:
        return ok(f"{mode.mode} {age}")
    if mode.mode is Mode.PAUSE:
        # A cut-over that has begun is gone on with: it waits until all functions know its time.
        mends = (
            deliver if cutover is None else subject.command(f"cutover --at {time_text(cutover)}")
        )
        return finding(f"{mode.mode} {age}: events wait", mends)
    return finding(f"{mode.mode} {age}: events are answered and dropped", deliver)


def _unreadable(subject: Subject, mode: ModeSet, cutover: CutoverSet) -> CheckResult:
    age = f"since {utc_time(cutover.since)} ({duration(subject.now() - cutover.since)})"
    counts = ", so nothing is delivered" if mode.mode is Mode.DELIVER else ""
    return finding(
        f"the parameter cutover is no time such as 2026-01-15T12:00:00Z{counts}, {age}",
        subject.command("cutover --at TIME"),
    )


def _cutover(subject: Subject, mode: Mode, at: float) -> CheckResult:
    said = f"cut-over at {utc_time(at)}: events that Segment received before it are not delivered"
    left = at + RETRY_SECONDS - subject.now()
    if left > 0:
        return ok(f"{said}; Segment may send such again for {duration(left)}")
    if mode is Mode.PAUSE:
        return ok(f"{said}; it has not been ended")  # the mode's line has what to run
    return finding(
        f"{said}; Segment sends none of them again, so the cut-over can be finished",
        subject.command("cutover --finish"),
    )
