"""Help from docstrings, whose paragraphs take the terminal's width.

typer keeps a docstring's line breaks after its first paragraph. They are made for the source's
width, and leave lines of a few words on a narrower terminal.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from typer.core import TyperCommand

__all__ = ["FlowingCommand", "flowing"]

_KEPT: Final = re.compile(r"\s|[-*|] |[0-9]+[.)] ")
"""How a line begins that stays as it is: an example, an entry of a list, a row of a table."""


class FlowingCommand(TyperCommand):
    """A command whose help takes the terminal's width."""

    def __init__(self, *arguments: Any, help: str | None = None, **options: Any) -> None:  # noqa: A002 — typer's name
        super().__init__(*arguments, help=help and flowing(help), **options)


def flowing(text: str) -> str:
    """Make one line of each paragraph's lines, but not of those of examples, lists and tables."""
    lines: list[str] = []
    joins = False
    for line in inspect.cleandoc(text).splitlines():
        prose = bool(line) and not _KEPT.match(line)
        if prose and joins:
            lines[-1] += f" {line}"
        else:
            lines.append(line)
        joins = prose
    return "\n".join(lines)
