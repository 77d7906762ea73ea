"""docs/mappings.md: every example in its tables is run, and no directive is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.rehook.destination import load
from segment_rehook_cli.evaluate import evaluate
from segment_rehook_cli.schema import DIRECTIVES

GUIDE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text()


def fenced(label: str) -> str:
    """Give the text of the fenced block with this label."""
    found = re.search(rf"```json {label}\n(.*?)```", GUIDE, re.DOTALL)
    assert found, label
    return found[1]


EVENT = json.loads(fenced("event"))


def rows(first_heading: str) -> list[list[str]]:
    """Give the cells of the rows of the table whose first heading this is."""
    table = GUIDE.partition(f"| {first_heading} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]


def answer(question: dict[str, Any]) -> Any:
    """Ask `segment-rehook evaluate`."""
    (line,) = evaluate([json.dumps(question)])
    return json.loads(line)


@pytest.mark.parametrize("row", rows("directive"), ids=lambda row: row[2])
def test_each_directive_gives_what_the_table_says(row: list[str]) -> None:
    """The last cell is what comes out, `nothing` where nothing does."""
    _, _, example, gives = row
    mapping = {"value": json.loads(example.strip("`"))}
    expected = {} if gives == "nothing" else {"value": json.loads(gives.strip("`"))}
    assert answer({"mapping": mapping, "input": EVENT}) == {"output": expected}


@pytest.mark.parametrize("row", rows("in a trigger"), ids=lambda row: row[2])
def test_each_trigger_is_what_the_table_says(row: list[str]) -> None:
    """True or false of the page's event."""
    _, _, example, here = row
    assert answer({"fql": example.strip("`"), "event": EVENT}) == {"match": here == "true"}


def test_no_directive_and_no_operator_is_missing() -> None:
    """A reader finds all of the language in these two tables."""
    named = {row[0].strip("`") for row in rows("directive")}
    assert set(DIRECTIVES) <= named
    operators = {row[0].strip("`") for row in rows("in a trigger")}
    assert operators >= {"=", "!=", "<", "<=", ">", ">=", "and", "or", "contains", "match"}


def test_the_example_file_is_valid() -> None:
    """What a reader copies must load."""
    (orders,) = load(fenced("destination").encode()).subscriptions
    assert orders.id == "orders"
