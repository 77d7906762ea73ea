"""Whether standard input and standard output are terminals, so that a person uses the command."""

from __future__ import annotations

import sys

__all__ = ["input_is_terminal", "output_is_terminal"]


def input_is_terminal() -> bool:
    """Whether a person can answer a question on standard input."""
    return sys.stdin.isatty()


def output_is_terminal() -> bool:
    """Whether a person reads standard output, so that it gets a table."""
    return sys.stdout.isatty()
