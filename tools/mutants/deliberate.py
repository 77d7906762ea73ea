"""`python -m tools.mutants.deliberate`: runs the tests on each deliberate defect.

Each defect is put into a copy of the package, and the tests of delivery run on it: first the unit
tests, then the model. Prints a table. The exit code is 1 if the tests do not catch a defect, or if
the code that it changes is gone. Arguments are the names of the defects to run; default: all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tools.mutants.defects import DEFECTS
from tools.mutants.working_copy import LAYER, PACKAGE, ROOT, working_copy

if TYPE_CHECKING:
    from pathlib import Path

    from tools.mutants.defect import Defect

UNIT = "tests/unit/delivery"
LONG = [
    f"{UNIT}/test_{name}.py"
    for name in ("backoff", "delivery", "ids", "message", "sending", "too_large")
]
"""Slow tests, with many examples or large bodies. They come last, because few defects need them."""
SHORT = sorted({f"{UNIT}/{file.name}" for file in (ROOT / UNIT).glob("test_*.py")} - {*LONG})
SUITES = {
    "unit tests": [
        *SHORT,
        *LONG,
        "tests/unit/rehook/test_reply.py",
        "tests/unit/aws/test_cutover_parameter.py",
        "tests/unit/aws/test_statements.py",
        "tests/contract/test_table.py",
    ],
    "model": ["tests/faults/test_model.py"],
}
MAX_SUITE_SECONDS = 1_800
"""A defect may make a test run for ever. Without one, no suite takes as long as this."""
FAILED = 1  # pytest: tests were run, and some failed


class DoesNotFit(Exception):
    """The code that a defect changes does not occur exactly once."""


def main(names: list[str]) -> int:
    """Run the defects of these names, or all, on all processors. Gives the exit code."""
    chosen = [each for each in DEFECTS if not names or each.name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        caught = sum(pool.map(_try, chosen))
    print(f"{caught} of {len(chosen)} caught")
    return 0 if caught == len(chosen) else 1


def _try(defect: Defect) -> bool:
    """Whether the tests catch the defect; prints which suite does."""
    began = time.monotonic()
    try:
        verdict = _caught_by(defect)
    except DoesNotFit as error:
        verdict = None
        print(f"  {error}")
    took = time.monotonic() - began
    print(f"{verdict or 'SURVIVED':<20}{took:6.1f} s  {defect.name}", flush=True)
    return verdict is not None


def _caught_by(defect: Defect) -> str | None:
    """Give the suite that fails; None if none does."""
    with working_copy(str(LAYER)) as copy:
        _put_in(defect, copy / LAYER / PACKAGE)
        for suite, paths in SUITES.items():
            try:
                if _fails(copy, paths):
                    return suite
            except subprocess.TimeoutExpired:
                return f"{suite}, timed out"
    return None


def _put_in(defect: Defect, package: Path) -> None:
    file = package / defect.file
    text = file.read_text()
    if text.count(defect.old) != 1:
        raise DoesNotFit(f"{defect.file} holds {text.count(defect.old)} times: {defect.old!r}")
    file.write_text(text.replace(defect.old, defect.new))


def _fails(copy: Path, paths: list[str]) -> bool:
    """Whether a test fails. Raises TimeoutExpired.

    If pytest could not run the tests, ends this process: that is no result.
    """
    # Plain asserts: nobody reads the details here, and without them tests take half as long.
    fast = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider"]
    options = [*fast, "--hypothesis-profile=mutants", "--timeout=0"]
    command = [sys.executable, "-m", "pytest", *options, *paths]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(copy / LAYER), str(copy)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(
        command,
        cwd=copy,
        env=environment,
        capture_output=True,
        timeout=MAX_SUITE_SECONDS,
        check=False,
    )
    if ran.returncode not in {0, FAILED}:
        raise SystemExit(ran.stdout.decode() + ran.stderr.decode())
    return ran.returncode == FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
