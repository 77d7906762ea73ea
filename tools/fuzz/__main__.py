"""`python -m tools.fuzz --seconds 60`: guided by coverage where atheris is installed, else drawn.

Ends with 0 if nothing was found, else with a traceback and the bytes that led to it.
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
from tools.fuzz.door import PIECES, SEEDS, check

LONGEST = 40


def guided(seconds: int, seed: int) -> None:
    """Let libFuzzer look for paths not yet taken; it ends the process itself."""
    atheris = importlib.import_module("atheris")

    with tempfile.TemporaryDirectory() as corpus:
        for number, text in enumerate(SEEDS):
            (Path(corpus) / str(number)).write_bytes(text)
        atheris.instrument_all()
        limits = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=20"]
        atheris.Setup([sys.argv[0], *limits, corpus], check)
        atheris.Fuzz()


def drawn(seconds: int, seed: int) -> None:
    """Join random pieces of JSON, sound and broken."""
    draw = random.Random(seed)
    until = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < until:
        body = b"".join(draw.choices(PIECES, k=draw.randrange(LONGEST)))
        try:
            check(body)
        except BaseException:
            print(f"found by {body!r}", file=sys.stderr)
            raise
        tried += 1
    print(f"{tried} bodies, nothing found")


def main() -> None:
    """Read the arguments and start."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name, body in COSTLY.items():
        print(f"costly: {name}", flush=True)
        check(body)
    engine = guided if importlib.util.find_spec("atheris") else drawn
    print(f"{engine.__name__}, {given.seconds} s, seed {given.seed}", flush=True)
    engine(given.seconds, given.seed)


if __name__ == "__main__":
    main()
