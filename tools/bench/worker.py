"""Our half at work: reads a job a line, answers what it took. See `workers`.

The product's log lines go to standard output, as in Lambda; here that is a file that nobody reads.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from tools.bench import jobs

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    prepared: dict[str, Callable[[], dict[str, object]]] = {}
    for line in sys.stdin:
        if line not in prepared:
            asked = json.loads(line)
            prepared[line] = jobs.JOBS[asked["job"]](**asked["args"])
        answers.write(json.dumps(prepared[line]()) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
