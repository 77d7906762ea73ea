"""`segment-rehook`, also as `python -m segment_rehook_cli`."""

from __future__ import annotations

import sys

__all__ = ["run"]

INTERRUPTED = 130
"""What a shell gives a program that Ctrl-C ended."""


def run() -> None:
    """Run the command line. Ctrl-C while it is still loaded ends it without a traceback."""
    try:
        from segment_rehook_cli.main import run as run_loaded  # noqa: PLC0415 — it takes a second
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run_loaded()


if __name__ == "__main__":
    run()
