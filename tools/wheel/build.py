"""Builds the command line's wheel, with the build tool that the lock pins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["ROOT", "build"]

ROOT = Path(__file__).parents[2]
# The standard way to build (PEP 517), as pip does it: in the project's folder, in a new process.
HOOK = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def build(folder: Path) -> Path:
    """Build the wheel into `folder` and give its path. Raises CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", HOOK, str(folder)]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return folder / built.stdout.strip()
