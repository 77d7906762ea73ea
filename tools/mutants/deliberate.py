"""`python -m tools.mutants.deliberate`: put in one defect after the other, and run the tests.

Each defect goes into a copy of the package; the tests of delivery run against it, first the small
ones, then the model. Prints a table; ends with 1 if a defect survived, or no longer fits the code.
Names of defects as arguments run these alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tools.mutants.defects import DEFECTS
from tools.mutants.workshop import LAYER, PACKAGE, ROOT, workshop

if TYPE_CHECKING:
    from pathlib import Path

    from tools.mutants.defect import Defect

UNIT = "tests/unit/delivery"
LONG = [
    f"{UNIT}/test_{name}.py"
    for name in ("backoff", "delivery", "ids", "message", "sending", "too_large")
]
"""Many examples or large bodies. Few defects need them, so they come last."""
SHORT = sorted({f"{UNIT}/{file.name}" for file in (ROOT / UNIT).glob("test_*.py")} - {*LONG})
SUITES = {
    "unit tests": [*SHORT, *LONG, "tests/unit/rehook/test_reply.py"],
    "model": ["tests/faults/test_model.py"],
}
SECONDS = 1_800
"""A defect may make a test run for ever; this long, no sound one takes on any machine."""
FAILED = 1  # pytest: tests were run, and some failed


class DoesNotFit(Exception):
    """The code that a defect changes is not there, or not once."""


def main(names: list[str]) -> int:
    """Run the defects of these names, or all, as many at once as there are processors."""
    chosen = [each for each in DEFECTS if not names or each.name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        caught = sum(pool.map(_try, chosen))
    print(f"{caught} of {len(chosen)} caught")
    return 0 if caught == len(chosen) else 1


def _try(defect: Defect) -> bool:
    """Whether it is caught; prints by what."""
    begun = time.monotonic()
    try:
        verdict = _caught_by(defect)
    except DoesNotFit as error:
        verdict = None
        print(f"  {error}")
    took = time.monotonic() - begun
    print(f"{verdict or 'SURVIVED':<20}{took:6.1f} s  {defect.name}", flush=True)
    return verdict is not None


def _caught_by(defect: Defect) -> str | None:
    """Which suite notices it; None if none does."""
    with workshop(str(LAYER)) as copy:
        _put_in(defect, copy / LAYER / PACKAGE)
        for suite, paths in SUITES.items():
            try:
                if _fails(copy, paths):
                    return suite
            except subprocess.TimeoutExpired:
                return f"{suite}, no end"
    return None


def _put_in(defect: Defect, package: Path) -> None:
    file = package / defect.file
    text = file.read_text()
    if text.count(defect.old) != 1:
        raise DoesNotFit(f"{defect.file} holds {text.count(defect.old)} times: {defect.old!r}")
    file.write_text(text.replace(defect.old, defect.new))


def _fails(copy: Path, paths: list[str]) -> bool:
    """Whether a test fails. An error of collection, or none at all, is the tool's own.

    Raises TimeoutExpired.
    """
    # Nobody reads what a failed assert compared, and to prepare for it takes as long as the tests.
    fast = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider"]
    options = [*fast, "--hypothesis-profile=mutants", "--timeout=0"]
    command = [sys.executable, "-m", "pytest", *options, *paths]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(copy / LAYER), str(copy)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False
    )
    if ran.returncode not in {0, FAILED}:
        raise SystemExit(ran.stdout.decode() + ran.stderr.decode())
    return ran.returncode == FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
