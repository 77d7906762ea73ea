"""The steps of a cut-over. Each can be interrupted, and is made again without harm.

The parameter `cutover` is put while the mode is `pause`, and all functions have read it before the
mode is `deliver`: a function that knows of the mode only would deliver what the hosted destination
has had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.ports import Clock
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.cutover.outcomes_log import OutcomesLog
from segment_rehook_cli.stack.figures import Figures
from segment_rehook_cli.stack.keeping import SEGMENT_RETRY_SECONDS
from segment_rehook_cli.stack.mode import set_mode
from segment_rehook_cli.stack.state import (
    FRESH_SECONDS,
    StackState,
    put_cutover,
    read_state,
    remove_cutover,
)
from segment_rehook_cli.terminal.durations import MINUTE

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["RETRY_SECONDS", "Changed", "Cutover"]

RETRY_SECONDS: Final = SEGMENT_RETRY_SECONDS + 15 * MINUTE
"""Until Segment sends nothing of before the cut-over: a quarter of an hour more is for delays."""

LOOK_SECONDS: Final = 10.0
EMPTY_LOOKS: Final = 3
"""SQS's counts are approximate: so many looks in a row must find the queue empty."""

MAX_STEP_SECONDS: Final = 10.0


class Changed(Exception):
    """Somebody has changed the mode or the cut-over meanwhile. The text says what is there now."""


@dataclass(slots=True)
class Cutover:
    """The cut-over of one stack. All methods raise what boto3 raises."""

    ssm: SSMClient
    path: str
    figures: Figures
    clock: Clock

    def state(self) -> StackState:
        """Read the parameters."""
        return read_state(self.ssm, self.path)

    def announce(self, at: float) -> None:
        """Put the time, unless it is there."""
        found = self.state().cutover
        if found is None or found.at != at:
            put_cutover(self.ssm, self.path, at)

    def seconds_to_deliver(self, at: float) -> float:
        """Give how long to wait before the mode may be `deliver`. Raises Changed."""
        state = self.state()
        if state.cutover is None or state.cutover.at != at:
            raise Changed("somebody has changed the cut-over: look with `cutover --show`")
        now = self.clock.now()
        return max(state.cutover.since + FRESH_SECONDS - now, at - now, 0.0)

    def wait(self, seconds: float, told: Callable[[int], None]) -> None:
        """Wait in short steps. `told`: is called with the seconds that have passed."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            told(int(seconds - left))
            self.clock.sleep(min(left, MAX_STEP_SECONDS))

    def deliver(self, at: float) -> None:
        """Let deliveries begin, unless another run has. Raises Changed, also if it is too early."""
        if self.seconds_to_deliver(at) > 0:
            raise Changed("the cut-over was put anew meanwhile: run the command again")
        state = self.state()
        if not _delivers_by(state):
            if state.mode.mode is not Mode.PAUSE:
                raise Changed(f"somebody has set the mode to {state.mode.mode.value}")
            set_mode(self.ssm, self.path, Mode.DELIVER)
        # SSM has no conditional put: somebody may have cancelled between the look and the put.
        state = self.state()
        if state.cutover is None or state.cutover.at != at:
            set_mode(self.ssm, self.path, Mode.PAUSE)
            raise Changed("somebody has changed the cut-over at this moment: the mode is pause")

    def drain(self, at: float, log: OutcomesLog, told: Callable[[int], None]) -> None:
        """Wait until no event waits. `told`: is called with how many wait. Raises Changed."""
        empty = 0
        while True:
            waiting = self.figures.waiting()
            told(waiting)
            empty = 0 if waiting else empty + 1
            log.look()
            if empty == EMPTY_LOOKS:
                return
            state = self.state()
            if state.mode.mode is not Mode.DELIVER:
                raise Changed(f"somebody has set the mode to {state.mode.mode.value}")
            if state.cutover is None or state.cutover.at != at:
                raise Changed("somebody has changed the cut-over: look with `cutover --show`")
            self.clock.sleep(LOOK_SECONDS)

    def pause(self) -> float:
        """Set the mode to `pause`; give how long to wait until all functions have read it."""
        set_mode(self.ssm, self.path, Mode.PAUSE)
        since = self.state().mode.since
        return 0.0 if since is None else max(since + FRESH_SECONDS - self.clock.now(), 0.0)

    def remove(self) -> None:
        """Remove the time. Only where nothing is delivered, or nothing of before it can come."""
        remove_cutover(self.ssm, self.path)


def _delivers_by(state: StackState) -> bool:
    """Whether the mode was set to `deliver` when the cut-over was set already, not before."""
    since, cutover = state.mode.since, state.cutover
    known = since is not None and cutover is not None and since >= cutover.since
    return known and state.mode.mode is Mode.DELIVER
