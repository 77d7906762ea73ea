"""A run as one text in the order of time: each request of each process, and what they logged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tools.faults.interruptions import Interruptions
    from tools.faults.trace import Trace
    from tools.sandbox.logs import LogLine


def write(path: Path, trace: Trace, interruptions: Interruptions, logged: list[LogLine]) -> None:
    """Write the timeline to `path`. Times are monotonic seconds."""
    ahead = time.time() - time.monotonic()
    lines = [(entry.began, f"{entry} of {', '.join(entry.keys)}") for entry in trace.all()]
    lines += [(at, f"{at:.2f} {pid} is killed") for pid, at in interruptions.killed.items()]
    lines += [
        (at, f"{at:.2f} {pid} is frozen until {until:.2f}")
        for pid, at, until in interruptions.frozen
    ]
    lines += [
        (line.at - ahead, f"{line.at - ahead:.2f} {line.process} logs {line.text}")
        for line in logged
    ]
    path.write_text("".join(f"{text}\n" for _, text in sorted(lines)))
