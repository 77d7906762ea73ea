"""The examples of docs/mapping-language.md, as questions to `evaluate`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "mapping-language.md"
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile("`(.*)`")


@dataclass(frozen=True, slots=True)
class Documented:
    """A row of a table: what it is about, the question, and the answer as the page has it."""

    name: str
    question: str
    gives: str


def documented_cases() -> list[Documented]:
    """Read all tables that have an example in each row."""
    return [
        _case(cells)
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if len(cells := _cells(line)) in {4, 5} and cells[-2].startswith("{")
    ]


def _cells(line: str) -> list[str]:
    if not line.startswith("| `"):
        return []
    cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
    return [
        code[1].replace(r"\|", "|") if (code := _CODE.fullmatch(cell)) else cell for cell in cells
    ]


def _case(cells: list[str]) -> Documented:
    *_, asked, event, gives = cells
    if asked.startswith("{"):
        mapping = {"value": json.loads(asked)}
        question = {"mapping": mapping, "input": json.loads(event)}
    else:
        question = {"fql": asked, "event": json.loads(event)}
    return Documented(cells[0], json.dumps(question), gives)


def as_documented(answer: str) -> str:
    """Write an answer of `evaluate` as the page does."""
    read = json.loads(answer)
    if "match" in read:
        return str(read["match"]).lower()
    if "error" in read:
        return "refused" if "does not parse" in read["error"] else f"error: {read['error']}"
    output = read["output"]
    return json.dumps(output["value"], ensure_ascii=False) if "value" in output else "nothing"
