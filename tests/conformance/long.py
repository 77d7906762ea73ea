"""A long run against Segment's engine: `python -m tests.conformance.long --cases 20000`.

Prints for each kind how many cases there were, how they came out, and what differs; then, for
mappings, how often each directive was reached and what it came to. Exits with 1 on a difference.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter

from tests.conformance.compare import differences
from tests.conformance.generated.cases import GENERATORS, generate

BATCH = 5_000
SHOWN = 3
_NAME = re.compile(r'"(@[a-zA-Z]+)": ')
_FILTER = re.compile(r"\|\s*([a-z_0-9]+)")


def say(text: str) -> None:
    """Print at once, for whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def outcome(answer: str) -> str:
    """Class an answer: `output` and `match` are the ones that say something."""
    read = json.loads(answer)
    if "match" in read:
        return "match" if read["match"] else "no match"
    if "error" in read:
        return "error"
    return "output" if read.get("output") not in (None, "", {}, []) else "nothing"


def run(kind: str, seed: int, cases: int) -> int:
    """Run one kind, print its figures, and give how many cases differ."""
    started = time.monotonic()
    outcomes: Counter[str] = Counter()
    reached: Counter[tuple[str, str]] = Counter()
    differing = 0
    lines = generate(kind, seed, cases)
    for begin in range(0, cases, BATCH):
        batch = [next(lines) for _ in range(min(BATCH, cases - begin))]
        found, answers = differences(batch)
        for question, answer in zip(batch, answers, strict=True):
            came_to = outcome(answer)
            outcomes[came_to] += 1
            names = _FILTER if kind == "liquid" else _NAME
            reached.update((name, came_to) for name in set(names.findall(question)))
        for each in found[: max(0, SHOWN - differing)]:
            say(f"question {each.question}\n  theirs {each.theirs}\n  ours   {each.ours}")
        differing += len(found)
    spent = time.monotonic() - started
    say(f"{kind}: seed {seed}, {cases} cases, {dict(outcomes)}, {differing} differ, {spent:.0f} s")
    for name in sorted({name for name, _ in reached}):
        counts = {each: count for (other, each), count in reached.items() if other == name}
        if sum(counts.values()) >= cases / 1_000:
            say(f"  {name} {counts}")
    return differing


def main() -> None:
    """Run all kinds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=list(GENERATORS), action="append")
    given = parser.parse_args()
    kinds = given.kind or list(GENERATORS)
    sys.exit(1 if sum(run(kind, given.seed, given.cases) for kind in kinds) else 0)


if __name__ == "__main__":
    main()
