"""Where the change of a secret or token stands: what SSM and the metric say, and the next step.

    add      one line is live: put the new one beside it
    change   the new one has not matched a request yet: change it in Segment
    wait     the new one has matched; Segment may still retry events signed with an old one
    remove   these retries are over: remove the old ones

Nothing else is kept anywhere, so the command can be run again at any time, by anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from segment_rehook_cli.secrets.matches import LineMatches
from segment_rehook_cli.stack.keeping import SEGMENT_RETRY_SECONDS

__all__ = ["Rotation", "RotationStep", "rotation_of"]


class RotationStep(StrEnum):
    """What is to be done next."""

    ADD = "add"
    CHANGE = "change"
    WAIT = "wait"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The state. The new line is the last one of the parameter; all others are old.

    `matches`: of the lines, in order. `safe_at`: from when an old line may be removed, by the line,
    in Unix time; infinite if the new one has not matched.
    """

    step: RotationStep
    new: str = field(repr=False)
    old: Sequence[str] = field(repr=False)
    matches: Mapping[str, LineMatches] = field(repr=False)
    safe_at: Mapping[str, float] = field(repr=False)

    def removable(self, now: float) -> list[str]:
        """Return the old lines that may be removed now."""
        return [each for each in self.old if self.safe_at[each] <= now]


def rotation_of(lines: Sequence[str], matches: Mapping[str, LineMatches], now: float) -> Rotation:
    """Say where a change stands. `lines`: of the parameter, at least one. `now`: in Unix time.

    An event that was signed with an old line before the change in Segment is sent again for four
    hours. The change was made before the new line first matched, and an old line's last match is
    the last sign of such an event. So an old line may go four hours after the later one of both.
    """
    *old, new = lines
    known = {line: matches.get(line, LineMatches()) for line in lines}
    changed_at = known[new].first_sure_at
    safe_at = {
        line: float("inf")
        if changed_at is None
        else max(changed_at, known[line].last_at or 0.0) + SEGMENT_RETRY_SECONDS
        for line in old
    }
    if not old:
        step = RotationStep.ADD
    elif changed_at is None:
        step = RotationStep.CHANGE
    elif min(safe_at.values()) > now:
        step = RotationStep.WAIT
    else:
        step = RotationStep.REMOVE
    return Rotation(step=step, new=new, old=old, matches=known, safe_at=safe_at)
