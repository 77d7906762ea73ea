"""A run as one text, line by line in time: every step of every process, and what they logged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tools.faults.interruptions import Interruptions
    from tools.faults.journal import Journal
    from tools.sandbox.logs import LogLine


def write(path: Path, journal: Journal, interruptions: Interruptions, lines: list[LogLine]) -> None:
    """Write it to `path`. Times: monotonic seconds."""
    ahead = time.time() - time.monotonic()
    told = [(step.began, f"{step} of {', '.join(step.keys)}") for step in journal.all()]
    told += [(at, f"{at:.2f} {pid} is killed") for pid, at in interruptions.killed.items()]
    told += [
        (at, f"{at:.2f} {pid} is frozen until {until:.2f}")
        for pid, at, until in interruptions.frozen
    ]
    told += [
        (line.at - ahead, f"{line.at - ahead:.2f} {line.process} says {line.text}")
        for line in lines
    ]
    path.write_text("".join(f"{text}\n" for _, text in sorted(told)))
