"""What a run of the crash test is asked to do, and what came of it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.sandbox.sandbox import BUILT

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tools.faults.invariants import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What a run does.

    `lanes`: how many senders. `drain`: seconds within which the queue must be empty once faults and
    interruptions have stopped. `timeline`: a file that gets the run as text if an invariant fails.
    """

    seed: int
    events: int
    kills: int
    freezes: int
    policy: str = "retry"
    lanes: int = 8
    drain: float = 180.0
    built: Path = BUILT
    timeline: Path | None = None

    @property
    def command(self) -> str:
        """The command that draws the same once more."""
        options = {
            "seed": str(self.seed),
            "events": str(self.events),
            "kills": str(self.kills),
            "freezes": str(self.freezes),
            "policy": self.policy,
        }
        if self.built != BUILT:
            options["template"] = shlex.quote(str(self.built))
        words = (f"--{name} {value}" for name, value in options.items())
        return f"python -m tools.faults {' '.join(words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What came of a run. The counters are by name; `seconds` is by phase."""

    settings: RunSettings
    findings: Findings
    figures: dict[str, int]
    answers: Counter[str]
    faults: Counter[str]
    kills: Counter[str]
    freezes: Counter[str]
    seconds: dict[str, float]
    processes_left: int

    @property
    def holds(self) -> bool:
        """Whether every invariant holds, and no process is left."""
        return self.findings.holds and not self.processes_left
