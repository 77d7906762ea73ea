"""`python -m tools.fuzz --seconds 60`: guided by coverage if atheris is installed, else random.

The exit code is 0 if nothing was found; else there is a traceback, and the bytes that led to it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import random
import sys
import tempfile
import time
from pathlib import Path

from tools.fuzz.costly import COSTLY
from tools.fuzz.properties import PIECES, SEEDS, check

MAX_PIECES = 40
"""Pieces in a random body."""


def coverage_guided(seconds: int, seed: int) -> None:
    """Let libFuzzer look for code that was not reached yet; it ends the process itself."""
    atheris = importlib.import_module("atheris")

    with tempfile.TemporaryDirectory() as corpus:
        for number, text in enumerate(SEEDS):
            (Path(corpus) / str(number)).write_bytes(text)
        atheris.instrument_all()
        limits = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=20"]
        atheris.Setup([sys.argv[0], *limits, corpus], check)
        atheris.Fuzz()


def random_bodies(seconds: int, seed: int) -> None:
    """Check bodies of random pieces of JSON, valid and invalid."""
    draw = random.Random(seed)
    until = time.monotonic() + seconds
    checked = 0
    while time.monotonic() < until:
        body = b"".join(draw.choices(PIECES, k=draw.randrange(MAX_PIECES)))
        try:
            check(body)
        except BaseException:
            print(f"found by {body!r}", file=sys.stderr)
            raise
        checked += 1
    print(f"{checked} bodies, nothing found")


def main() -> None:
    """Read the arguments, check the costly bodies, and start to fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long to fuzz")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is drawn")
    given = parser.parse_args()
    for name, body in COSTLY.items():
        print(f"costly: {name}", flush=True)
        check(body)
    engine = coverage_guided if importlib.util.find_spec("atheris") else random_bodies
    print(f"{engine.__name__}, {given.seconds} s, seed {given.seed}", flush=True)
    engine(given.seconds, given.seed)


if __name__ == "__main__":
    main()
