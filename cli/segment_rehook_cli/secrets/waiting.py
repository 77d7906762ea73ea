"""Watching until a request has matched the new secret or token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from segment_rehook.delivery.ports import Clock
from segment_rehook_cli.secrets.rotation import Rotation, RotationStep
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED
from segment_rehook_cli.terminal.messages import failure, say

__all__ = ["wait_for_change"]

POLL_SECONDS: Final = 15.0
"""CloudWatch has a metric within two minutes as a rule."""


def wait_for_change(look: Callable[[], Rotation], clock: Clock, seconds: float) -> Rotation:
    """Look again until the new one has matched. `seconds`: for how long at most.

    Ends the command with FINDINGS if that time is over, with INTERRUPTED at an interruption:
    nothing is lost.
    """
    until = clock.monotonic() + seconds
    say("watching; Ctrl-C ends it, and changes nothing")
    try:
        while (found := look()).step is RotationStep.CHANGE:
            if clock.monotonic() >= until:
                raise failure("no request has matched the new one in this time: run this again")
            clock.sleep(min(POLL_SECONDS, max(until - clock.monotonic(), 0.0)))
    except KeyboardInterrupt:
        raise failure("interrupted; nothing was removed: run this again", INTERRUPTED) from None
    return found
