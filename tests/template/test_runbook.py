"""The runbook has a section for each alarm and each reason, and for nothing else."""

from __future__ import annotations

import ast
import re

import pytest

from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Stored
from segment_rehook.rehook.plan import DropReason
from tests.template.stack import ROOT, resources
from tools.cloudwatch.pages import anchor
from tools.cloudwatch.watched import ALARM, template
from tools.cloudwatch.written import LAYER

PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
CHAPTERS = {
    chapter.partition("\n")[0]: re.findall(r"^### (.+)$", chapter, re.MULTILINE)
    for chapter in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}
CALLS = {"RefusedBody", "RefusedAccess", "BodyTooLarge", "refusal"}


def refusals() -> set[str]:
    """The codes with which the layer refuses a request: the first text given to a refusal."""
    found = set()
    for path in LAYER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in CALLS:
                texts = [
                    each.value
                    for each in node.args
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                found |= {text for text in texts[:1] if re.fullmatch("[a-z0-9_]+", text)}
    return found


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


@pytest.mark.parametrize(
    ("chapter", "prefix", "words"),
    [
        ("Alarms", "", set(resources(ALARM))),
        ("Stored events", "stored: ", {*Stored}),
        ("Parked events", "parked: ", {*Parked}),
        ("Dropped events", "dropped: ", {*Dropped} | {*DropReason}),
        ("Duplicates", "duplicate: ", {Outcome.DELIVERED, Outcome.PARKED, "same_request"}),
        ("Refused requests", "refused: ", refusals()),
    ],
)
def test_each_alarm_and_each_reason_has_its_section(
    chapter: str, prefix: str, words: set[str]
) -> None:
    """A chapter has a section for each alarm, reason or code that exists, and for no other."""
    assert words
    assert sorted(CHAPTERS[chapter]) == sorted(f"{prefix}{word}" for word in words)


def test_a_section_can_be_linked() -> None:
    """No two sections have the same anchor: commands and mails link them."""
    titles = [title for sections in CHAPTERS.values() for title in sections]
    anchors = [anchor(title) for title in titles]
    assert len(anchors) == len(set(anchors))
    assert anchor("parked: mapping_error") == "parked-mapping_error"


@pytest.mark.parametrize("alarm", resources(ALARM))
def test_an_alarms_section_says_what_it_means_what_to_look_at_and_what_to_run(alarm: str) -> None:
    """Each section of an alarm has these three parts, with a command."""
    section = PAGE.partition(f"### {alarm}\n")[2].partition("\n### ")[0]
    parts = [section.index(f"**{part}.**") for part in ("Means", "Look", "Run")]
    assert parts == sorted(parts)
    run = section[parts[2] :]
    assert (
        "`segment-rehook " in run
        or alarm in {"RedriveThrottles", "IngestThrottles"}
        or ("deploy with" in run)
    )


def test_parameters_that_the_runbook_names_exist() -> None:
    """A parameter of the template that the runbook names is one."""
    known = set(template()["Parameters"]) | set(template()["Outputs"]) | set(resources(ALARM))
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)(?:=\w+)?`", PAGE))
    metrics = {"EventsReceived", "EventsDelivered", "EventsFailed", "DeadLetterAge"}
    of_aws = {"ApproximateAgeOfOldestMessage"}
    assert named <= known | metrics | of_aws | {"UnexpectedErrors"}
