"""The exit codes of all commands."""

from __future__ import annotations

from typing import Final

__all__ = ["FINDINGS", "INTERRUPTED", "REFUSED", "USAGE"]

FINDINGS: Final = 1
"""The command has found something, or a part of its work was not done."""

USAGE: Final = 2
"""The command line or its input can't be read. Nothing was done."""

REFUSED: Final = 3
"""AWS, or another service that the command asks, has refused a call or can't be reached."""

INTERRUPTED: Final = 130
"""Ctrl-C, SIGTERM or SIGHUP has ended it: what a shell gives a program that Ctrl-C has ended."""
