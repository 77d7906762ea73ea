"""The process that runs a command: its standard streams and its signals."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

__all__ = ["end_as_ctrl_c", "open_closed_streams"]


def open_closed_streams() -> None:
    """Replace standard streams that the caller closed (`<&-`, `>&-`) by the null device."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 — open to the end
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 — open to the end


def end_as_ctrl_c() -> None:
    """Let SIGTERM, and SIGHUP of a terminal that is closed, raise KeyboardInterrupt.

    A signal that the caller ignores (`nohup`) stays ignored.
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
