"""Our half at work: reads a job a line, answers what it took. See `workers`.

The product's log lines go to standard output, as in Lambda; here that is a file that nobody reads.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from tools.bench import in_memory, wired

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.bench.job import Job

JOBS: dict[str, Callable[..., Job]] = {
    "memory_single": in_memory.memory_single,
    "memory_batch": in_memory.memory_batch,
    "plan": in_memory.plan,
    "http_batch": in_memory.http_batch,
    "language": in_memory.language,
    "ingest": wired.ingest,
    "redrive": wired.redrive,
}


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    prepared: dict[str, Job] = {}
    for line in sys.stdin:
        if line not in prepared:
            asked = json.loads(line)
            prepared[line] = JOBS[asked["job"]](**asked["args"])
        answers.write(json.dumps(prepared[line]()) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
