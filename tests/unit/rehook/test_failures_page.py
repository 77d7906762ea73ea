"""docs/failures.md names every class, cause and reason that answers and logs can show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segment_rehook.delivery.outcomes import Dropped, Parked, Stored
from segment_rehook.rehook.deadline import Stage
from segment_rehook.rehook.plan import DropReason
from segment_rehook.rehook.reply import ReplyClass

PAGE = (Path(__file__).parents[3] / "docs" / "failures.md").read_text(encoding="utf-8")
# A table has a heading row of its own; what it is a table of stands before it.
MARKS = {"class": "| class |", "code": "| code |"}


def named(table: str) -> set[str]:
    """Give the names in the first column of a table."""
    rows = PAGE[PAGE.index(MARKS[table]) :].partition("\n| --- ")[2].partition("\n\n")[0]
    firsts = [row.split("|")[1] for row in rows.splitlines()[1:]]
    return {name for first in firsts for name in re.findall(r"`([a-z_]+)`", first)}


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("class", {*ReplyClass}),
        (
            "code",
            {f"{stage}_{how}" for stage in Stage for how in ("failed", "timeout")} | {"late"},
        ),
    ],
)
def test_the_page_names_them_all_and_no_others(table: str, values: set[str]) -> None:
    """Every class and cause that the code has is on the page."""
    assert named(table) == {str(value) for value in values}


@pytest.mark.parametrize(
    ("outcome", "reasons"),
    [
        ("stored", {*Stored}),
        ("parked", {*Parked}),
        ("dropped", {*Dropped} | {*DropReason}),
    ],
)
def test_the_page_lists_the_reasons_of_each_outcome(outcome: str, reasons: set[str]) -> None:
    """Every reason that the code has is in its outcome's row; the runbook explains them."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{outcome}` | ")]
    assert set(re.findall(r"`([a-z_]+)`", row.split("|")[3])) == {str(each) for each in reasons}
