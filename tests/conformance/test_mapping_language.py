"""Our mapping language against Segment's own engine, on generated cases.

Set MAPPING_LANGUAGE_CASES for more cases of each kind and MAPPING_LANGUAGE_SEED for others;
`python -m tests.conformance.long` runs many and counts what they reach.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.conformance.compare import Difference, differences, oracle_available
from tests.conformance.generated.cases import GENERATORS, generate
from tests.conformance.odd_cases import ODD_CASES
from tools.bench.documented import documented_cases

CASES = int(os.environ.get("MAPPING_LANGUAGE_CASES", "3000"))
SEED = int(os.environ.get("MAPPING_LANGUAGE_SEED", "1"))

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not oracle_available(), reason="no Node, or no packages: npm ci"),
]


@pytest.mark.parametrize("kind", GENERATORS)
def test_generated_cases_have_the_engine_s_answers(kind: str) -> None:
    """What Segment's engine answers is answered here, letter by letter, on unseen cases."""
    lines = list(generate(kind, SEED, CASES))
    found, answers = differences(lines)
    assert found == []
    errors = sum("error" in json.loads(answer) for answer in answers)
    assert errors < 0.6 * CASES, "most cases must get beyond an error"


def test_odd_cases_have_the_engine_s_answers() -> None:
    """Cases made by hand: deep nesting, case mapping, numbers, prototypes, what is no mapping."""
    found, _ = differences(ODD_CASES)
    assert found == []


def test_documented_examples_are_the_engine_s() -> None:
    """Every example of the language's page is what Segment's engine answers."""
    found, _ = differences([case.question for case in documented_cases()])
    assert found == []


@pytest.mark.parametrize(
    ("question", "theirs", "ours"),
    [
        (
            '{"mapping": {"a": {"@path": "$.a"}}, "input": {"a": 9007199254740993}}',
            '{"output":{"a":9007199254740992}}',
            '{"output":{"a":9007199254740993}}',
        ),
        (
            '{"mapping": {"a": {"@template": "{{a.constructor.raw}}"}}, "input": {"a": "x"}}',
            '{"output":{"a":"function raw() { [native code] }"}}',
            '{"output":{"a":""}}',
        ),
    ],
    ids=["integers beyond 2^53", "a constructor's own members"],
)
def test_a_difference_is_found(question: str, theirs: str, ours: str) -> None:
    """The comparison can fail: what the page names as different is found to be so."""
    assert differences([question])[0] == [Difference(question, theirs, ours)]
