"""`python -m tools.bench [calls|events]`: measure, and print one line each as it is known."""

from __future__ import annotations

import itertools
import sys

from tools.bench import calls, events

PARTS = {"calls": calls.comparisons, "events": events.comparisons}


def main(names: list[str]) -> int:
    """Run the named parts, or all. 2: a name is none of them."""
    if unknown := sorted(set(names) - set(PARTS)):
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for comparison in itertools.chain.from_iterable(PARTS[name]() for name in names or PARTS):
        print(comparison.line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
