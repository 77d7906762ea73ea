"""Whether a person sits before the command, who can be asked and wants to see how far it is."""

from __future__ import annotations

import sys

__all__ = ["interactive", "watched"]


def interactive() -> bool:
    """Whether standard input is a terminal, so that a question gets an answer."""
    return sys.stdin.isatty()


def watched() -> bool:
    """Whether standard output is a terminal, so that a table is drawn."""
    return sys.stdout.isatty()
