"""Tests of what `doctor` prints, and of the parts that need no stack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segment_rehook_cli.doctor.alarm_answers import ALARM_ANSWERS
from segment_rehook_cli.doctor.alarm_report import AlarmReport
from segment_rehook_cli.doctor.alarm_text import as_entry, as_lines
from segment_rehook_cli.doctor.check_result import Diagnosis, finding, ok, skipped
from segment_rehook_cli.doctor.checks import CHECKS, PERMISSIONS
from segment_rehook_cli.doctor.diagnosis_table import show
from segment_rehook_cli.doctor.runbook import runbook_section
from segment_rehook_cli.terminal import streams as terminal

ROOT = Path(__file__).parents[3]
LINES = [
    Diagnosis("mode", ok("deliver")),
    Diagnosis("table", finding("gone\x1b[31m [red]", "aws mend it")),
    Diagnosis("clock", skipped("not allowed")),
]


@pytest.mark.parametrize("lines", [LINES[:1], LINES[:2], LINES[::2]])
def test_only_ok_is_well(lines: list[Diagnosis]) -> None:
    """A finding is not well, and neither is what was skipped."""
    assert show(lines, as_json=True) is (lines == LINES[:1])


def test_without_a_terminal_lines_have_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    """There is a heading; the summary goes to standard error."""
    show(LINES, as_json=False)
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "check\tresult\tdetail\tcommand",
        "mode\tok\tdeliver\t",
        "table\tfinding\tgone\\x1b[31m [red]\taws mend it",
        "clock\tskipped\tnot allowed\t",
    ]
    assert printed.err == "segment-rehook: 1 ok, 1 finding, 1 skipped\n"


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_there_is_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, colour: bool
) -> None:
    """The table has the command below the detail, in colour unless NO_COLOR is set."""
    monkeypatch.setattr(terminal, "output_is_terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    show(LINES, as_json=False)
    printed = capsys.readouterr().out
    assert "→ aws mend it" in printed
    assert "gone\\x1b[31m [red]" in printed
    assert ("\x1b[1;31mfinding" in printed) is colour
    assert ("\x1b[32mok" in printed) is colour


def test_a_section_ends_where_the_next_begins(tmp_path: Path) -> None:
    """A section is what is below its heading alone; the first page that is there counts."""
    page = tmp_path / "runbook.md"
    page.write_text("## Alarms\n\n### A\n\nFirst.\n\n### AB\n\nSecond.\n\n## Stored\n\nThird.\n")
    files = (tmp_path / "absent.md", page)
    assert runbook_section("A", files) == "First."
    assert runbook_section("AB", files) == "Second."
    assert runbook_section("B", files) is None
    assert runbook_section("A", files[:1]) is None


def test_the_page_names_each_check_and_each_permission() -> None:
    """docs/doctor.md has a row for each check, in order, and all permissions; and no other."""
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    checked = page.partition("## What is checked")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z -]+)` \|", checked, re.MULTILINE) == list(CHECKS)
    permissions = page.partition("## Permissions")[2]
    assert set(re.findall(r"\b[a-z]+:[A-Z]\w+", permissions)) == set(PERMISSIONS.values())


def report_with(runbook: str) -> AlarmReport:
    """The report of an alarm whose section of the runbook is this."""
    return AlarmReport(
        "A", "ALARM", 1.75, "", "An alarm.", 1, "segment-rehook doctor", runbook=runbook
    )


def test_an_alarm_in_json_says_since_when() -> None:
    """The time is ISO 8601 in UTC, to the second."""
    assert as_entry(report_with(""))["since"] == "1970-01-01T00:00:01Z"


@pytest.mark.parametrize("alarm", sorted(ALARM_ANSWERS))
def test_a_pipe_gets_the_runbook_without_marks(alarm: str) -> None:
    """An alarm's section has no asterisks and no addresses of links where a program reads it."""
    section = runbook_section(alarm)
    assert section is not None
    printed = "\n".join(as_lines(report_with(section), 60.0))
    assert "\n\nMeans. " in printed
    assert "*" not in printed
    assert "](" not in printed


def test_a_terminal_gets_the_runbook_with_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the marks are styles, and the text of a link stands without its address."""
    monkeypatch.setattr(terminal, "output_is_terminal", lambda: True)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    found = report_with("**Means.** See [the queue](operations.md#x) and `list`.\n\n- *one*")
    printed = "\n".join(as_lines(found, 60.0))
    assert "\x1b[1mMeans.\x1b[0m See the queue and " in printed
    assert "\x1b[3mone\x1b[0m" in printed
    assert "operations.md" not in printed
