"""The native build, which is brought up to date before it runs."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from typing import Final

from tools.sandbox.services import CHECKOUT

BUILT: Final = CHECKOUT / ".aws-sam" / "native" / "template.yaml"
"""The template that ``make native`` builds for this machine."""


class BuildFailed(Exception):
    """``make native`` failed; it has printed the reason to standard error."""


def build() -> None:
    """Run ``make native``, which does nothing if nothing has changed. Raises BuildFailed.

    A lock keeps builds apart: two builds into one folder would delete each other's files.
    """
    lock = CHECKOUT / ".aws-sam" / "native.lock"
    try:
        lock.parent.mkdir(exist_ok=True)
        held = lock.open("w")
    except OSError as error:
        raise BuildFailed(f"{error.filename}: {error.strerror}") from error
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            subprocess.run(
                ["make", "--no-print-directory", "native"],
                cwd=CHECKOUT,
                stdout=sys.stderr,
                check=True,
            )
        except FileNotFoundError as error:
            raise BuildFailed("make is not installed") from error
        except subprocess.CalledProcessError as error:
            raise BuildFailed("make native failed") from error
