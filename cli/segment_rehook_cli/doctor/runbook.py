"""The runbook's section of an alarm, where the checkout is at hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from segment_rehook_cli.terminal import streams as terminal

__all__ = ["for_a_person", "runbook_section"]

_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_EMPHASIS: Final = re.compile(r"(\*{1,2})(\S[^*]*)\1")

IN_PACKAGE: Final = Path(__file__).parents[1] / "runbook.md"
"""Where the wheel has it."""

IN_CHECKOUT: Final = Path(__file__).parents[3] / "docs" / "runbook.md"


def runbook_section(title: str, files: tuple[Path, ...] = (IN_PACKAGE, IN_CHECKOUT)) -> str | None:
    """Give the text below the heading, without it; None if there is no such section or page."""
    for file in files:
        try:
            page = file.read_text(encoding="utf-8")
        except OSError:
            continue
        found = re.search(
            rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL
        )
        return found[1].strip() if found else None
    return None


def for_a_person(section: str) -> str:
    """Give a section, which is Markdown, with styles for a terminal; elsewhere without marks.

    Its links lead to places of the page, so their texts stay alone.
    """
    text = _LINK.sub(r"\1", section)
    if not terminal.output_is_terminal():
        return _EMPHASIS.sub(r"\2", text)
    from rich.console import Console  # noqa: PLC0415 — slow to import, only a terminal needs it
    from rich.markdown import Markdown  # noqa: PLC0415 — as above

    console = Console()
    with console.capture() as shown:
        console.print(Markdown(text))
    return shown.get().rstrip("\n")
