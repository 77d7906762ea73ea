"""`segment-rehook`, also as `python -m segment_rehook_cli`."""

from __future__ import annotations

import sys

from segment_rehook_cli.terminal.exit_codes import INTERRUPTED

__all__ = ["run"]


def run() -> None:
    """Run the command line. Ctrl-C while it is still loaded ends it without a traceback."""
    try:
        from segment_rehook_cli.main import run as run_loaded  # noqa: PLC0415 — it takes a while

        run_loaded()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    run()
