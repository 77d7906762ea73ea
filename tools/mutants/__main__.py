"""`python -m tools.mutants`: put in one defect after the other, and see whether the tests notice.

Each defect goes into a copy of the package; the tests of delivery run against it, first the small
ones, then the model. Prints a table; ends with 1 if a defect survived, or no longer fits the code.
Names of defects as arguments run these alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutants.defects import DEFECTS

if TYPE_CHECKING:
    from tools.mutants.defect import Defect

ROOT = Path(__file__).parents[2]
PACKAGE = Path("layers/bridge/segment_rehook")
COPIED = (PACKAGE, Path("tests"), Path("pyproject.toml"))
SUITES = {
    "unit tests": ["tests/unit/delivery", "tests/unit/rehook/test_reply.py"],
    "model": ["tests/faults/test_model.py"],
}
SECONDS = 300
FAILED = 1  # pytest: tests were run, and some failed


class DoesNotFit(Exception):
    """The code that a defect changes is not there, or not once."""


def main(names: list[str]) -> int:
    """Run the defects of these names, or all."""
    chosen = [each for each in DEFECTS if not names or each.name in names]
    bad = 0
    for defect in chosen:
        begun = time.monotonic()
        try:
            caught = _caught_by(defect)
        except DoesNotFit as error:
            caught = None
            print(f"  {error}")
        bad += caught is None
        print(
            f"{caught or 'SURVIVED':<12}{time.monotonic() - begun:6.1f} s  {defect.name}",
            flush=True,
        )
    print(f"{len(chosen) - bad} of {len(chosen)} caught")
    return 1 if bad else 0


def _caught_by(defect: Defect) -> str | None:
    """Which suite notices it; None if none does."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for part in COPIED:
            _copy(part, copy)
        _put_in(defect, copy / PACKAGE)
        for suite, paths in SUITES.items():
            if _fails(copy, paths):
                return suite
    return None


def _copy(part: Path, to: Path) -> None:
    if (ROOT / part).is_dir():
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / part, to / part)


def _put_in(defect: Defect, package: Path) -> None:
    file = package / defect.file
    text = file.read_text()
    if text.count(defect.old) != 1:
        raise DoesNotFit(f"{defect.file} holds {text.count(defect.old)} times: {defect.old!r}")
    file.write_text(text.replace(defect.old, defect.new))


def _fails(copy: Path, paths: list[str]) -> bool:
    """Whether a test fails. An error of collection, or none at all, is the tool's own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *paths]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(copy / PACKAGE.parent), str(copy)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PROMISE_SHRINK": "no",
    }
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return True  # a defect that makes a test run for ever was noticed
    if ran.returncode not in {0, FAILED}:
        raise SystemExit(ran.stdout.decode() + ran.stderr.decode())
    return ran.returncode == FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
