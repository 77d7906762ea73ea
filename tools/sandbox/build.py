"""Bringing the native build up to date before it is run: what runs is what the checkout says."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from typing import Final

from tools.sandbox.services import CHECKOUT

BUILT: Final = CHECKOUT / ".aws-sam" / "native" / "template.yaml"
"""Where ``make native`` puts the template that it built for this machine."""


class BuildFailed(Exception):
    """``make native`` did not succeed; what it printed went to standard error."""


def build() -> None:
    """Run ``make native``, which does nothing where nothing has changed. Raises BuildFailed.

    One at a time: two builds into one folder would take each other's files away.
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
