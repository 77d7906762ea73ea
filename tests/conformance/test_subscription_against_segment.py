"""Whole subscriptions, from event to request, against Segment's own Rehook destination.

Set SUBSCRIPTION_CASES for a longer run (20,000 before a release) and SUBSCRIPTION_SEED for another.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook.rehook.plan import Call, Drop, DropReason, MappingFault
from segment_rehook.segment.event import Event
from tests.conformance.subscription_cases import Case, case

HERE = Path(__file__).parent
NODE = shutil.which("node")
CASES = int(os.environ.get("SUBSCRIPTION_CASES", "2000"))
SEED = int(os.environ.get("SUBSCRIPTION_SEED", "20260922"))

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(60 + CASES // 20),
    pytest.mark.skipif(
        NODE is None or not (HERE / "node_modules").is_dir(),
        reason="needs Node and its packages: make installs them where there is Node 20",
    ),
]


def ask_segment(cases: list[Case]) -> list[dict[str, Any]]:
    """Give the hosted destination's answer to each case."""
    lines = [json.dumps({"subscription": each.subscription, "event": each.event}) for each in cases]
    oracle = subprocess.run(
        [str(NODE), "subscription_oracle.js"],
        cwd=HERE,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in oracle.stdout.splitlines()]


def ask_ourselves(each: Case) -> dict[str, Any]:
    """Give our own answer, in the oracle's terms."""
    text = json.dumps({"subscriptions": [each.subscription]}).encode()
    try:
        destination = load(text)
    except DestinationInvalid as invalid:
        return {"refused": [mistake.place for mistake in invalid.mistakes]}
    plan = destination.plan(Event.parse(each.event.encode()), 0.0)
    match plan:
        case ():
            return {"ignored": True}
        case (Call(request=request),):
            url = f"https://api.rehook.ai{request.path}"
            return {"request": (request.method, url, _numbers_alike(request.body))}
        case (Drop(detail=detail, reason=reason),):
            assert reason in {DropReason.MISSING_USER_ID, DropReason.INVALID_FIELDS}
            return {"invalid": detail.partition(" The event ")[0]}
        case (MappingFault(detail=detail),):
            return {"threw": detail}
        case _:
            raise AssertionError(plan)


def in_our_terms(answer: dict[str, Any]) -> dict[str, Any]:
    """Put the oracle's answer as ours would be put."""
    if "request" in answer:
        request = answer["request"]
        body = _numbers_alike(request["body"])
        return {"request": (request["method"], request["url"], body)}
    if "error" in answer:
        error = answer["error"]
        kind = "invalid" if error["name"] == "AggregateAjvError" else "threw"
        return {kind: error["message"]}
    return {"ignored": True}


def _numbers_alike(body: str | bytes) -> list[tuple[str, Any]]:
    """Read a body with every number as a double, its fields in order."""
    return list(json.loads(body, parse_int=float).items())


def agree(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether both say the same; what is refused when loaded must never get through at Segment."""
    if "refused" in ours:
        return "request" not in theirs
    return ours == theirs


def test_generated_subscriptions_give_what_segment_sends() -> None:
    """Request, field error, thrown error or silence: the same as the hosted destination's."""
    source = random.Random(SEED)
    cases = [case(source) for _ in range(CASES)]
    answers = ask_segment(cases)
    assert len(answers) == len(cases)
    differences = []
    kinds = dict.fromkeys(("request", "invalid", "threw", "ignored", "refused"), 0)
    for each, answer in zip(cases, answers, strict=True):
        ours, theirs = ask_ourselves(each), in_our_terms(answer)
        kinds[next(iter(ours))] += 1
        if not agree(ours, theirs):
            differences.append((each, ours, theirs))
    assert not differences, f"{len(differences)} of {CASES}, the first: {differences[0]}"
    assert min(kinds.values()) > 0, f"the generator no longer reaches every outcome: {kinds}"


VALUES: list[Any] = [
    "a", "", " ", 0, 25.0, 1e21, -0.0, True, False, None, [], {}, ["a"], [""], [None], [0], [True],
    [[]], [["a"]], [{}], ["a", "b"], {"a": 1}, [{"@path": "$.missing"}], {"@path": "$.missing"},
    {"@path": "$.toString"}, [{"@path": "$.toString"}],
]  # fmt: skip
FIELDS = [
    ("identifyUser", "source_id"),
    ("identifyUser", "metadata"),
    ("identifyUser", "referral_code"),
    ("trackEvent", "event_name"),
    ("trackEvent", "metadata"),
    ("trackEvent", "dynamicAuthSettings"),
]


def test_every_kind_of_value_in_every_field() -> None:
    """Each field coerces, refuses or leaves out a value as ajv does at Segment."""
    cases = []
    for (action, field), value in product(FIELDS, VALUES):
        settings = {"source_id": "u", "event_name": "e", field: value}
        subscription = {"id": "s", "actionSlug": action, "trigger": 'type = "track"'}
        cases.append(Case({**subscription, "settings": settings}, '{"type": "track"}'))
    for each, answer in zip(cases, ask_segment(cases), strict=True):
        assert ask_ourselves(each) == in_our_terms(answer), each
