"""Tests of docs/mappings.md: its examples are true, and it has every directive."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.rehook.destination import load
from segment_rehook_cli.mapping.evaluate import evaluate
from segment_rehook_cli.mapping.schema import DIRECTIVES

GUIDE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text()


def fenced(label: str) -> str:
    """Return the text of the fenced block with this label."""
    found = re.search(rf"```json {label}\n(.*?)```", GUIDE, re.DOTALL)
    assert found, label
    return found[1]


EVENT = json.loads(fenced("event"))


def rows(first_heading: str) -> list[list[str]]:
    """Return the cells of each row of the table that has this first heading."""
    table = GUIDE.partition(f"| {first_heading} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]


def answer(question: dict[str, Any]) -> Any:
    """Return the answer of `segment-rehook evaluate` to one question."""
    (line,) = evaluate([json.dumps(question)])
    return json.loads(line)


@pytest.mark.parametrize("row", rows("directive"), ids=lambda row: row[2])
def test_each_directive_gives_what_the_table_says(row: list[str]) -> None:
    """Each mapping in the table gives the output in its last cell, or nothing."""
    _, _, example, gives = row
    mapping = {"value": json.loads(example.strip("`"))}
    expected = {} if gives == "nothing" else {"value": json.loads(gives.strip("`"))}
    assert answer({"mapping": mapping, "input": EVENT}) == {"output": expected}


@pytest.mark.parametrize("row", rows("in a trigger"), ids=lambda row: row[2])
def test_each_trigger_is_what_the_table_says(row: list[str]) -> None:
    """Each trigger in the table matches the page's event, or not, as the page says."""
    _, _, example, here = row
    assert answer({"fql": example.strip("`"), "event": EVENT}) == {"match": here == "true"}


def test_no_directive_and_no_operator_is_missing() -> None:
    """The tables have every directive, and every operator and function of triggers."""
    named = {row[0].strip("`") for row in rows("directive")}
    assert set(DIRECTIVES) <= named
    operators = {row[0].strip("`") for row in rows("in a trigger")}
    assert operators >= {"=", "!=", "<", "<=", ">", ">=", "and", "or", "contains", "match"}


def test_the_example_file_is_valid() -> None:
    """The page's complete destination file has no mistakes."""
    (orders,) = load(fenced("destination").encode()).subscriptions
    assert orders.id == "orders"
