"""The runbook's section of an alarm, where the checkout is at hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["runbook_section"]

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
