"""Our mapping language against what Segment's engine answered once: no Node needed."""

from __future__ import annotations

import json

import pytest

from segment_rehook_cli.mapping.evaluate import evaluate
from tests.conformance.compare import Difference, ask_engine, oracle_available, same
from tests.conformance.record import KINDS, recorded


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_cases_have_the_engine_s_answers(kind: str) -> None:
    """Each recorded question is answered here as Segment's engine answered it, letter by letter."""
    cases = recorded(kind)
    ours = evaluate([question for question, _ in cases])
    asked = [Difference(*case, answer) for case, answer in zip(cases, ours, strict=True)]
    assert [each for each in asked if not same(each.theirs, each.ours)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_most_recorded_cases_come_to_more_than_an_error(kind: str) -> None:
    """The records say what a mapping gives, and not only what it refuses."""
    answers = [json.loads(answer) for _, answer in recorded(kind)]
    assert len(answers) > 100
    assert sum("error" in answer for answer in answers) < len(answers) / 2


@pytest.mark.node
@pytest.mark.skipif(not oracle_available(), reason="no Node, or no packages: npm ci")
@pytest.mark.parametrize("kind", KINDS)
def test_the_records_are_what_the_engine_answers(kind: str) -> None:
    """Where there is Node, the records are held to the engine, so that they can't go stale."""
    cases = recorded(kind)
    assert ask_engine(question for question, _ in cases) == [answer for _, answer in cases]
