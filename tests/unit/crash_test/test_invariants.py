"""What the crash test finds in the evidence of a run: each invariant can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tools.faults.evidence import Evidence
from tools.faults.interruptions import Interruptions
from tools.faults.invariants import Findings, check_invariants
from tools.faults.load import PERSONAL, SentEvent
from tools.faults.sender import EventAnswers
from tools.faults.trace import Trace, TraceEntry
from tools.sandbox.rehook import ReceivedCall
from tools.sandbox.services import QueuedMessage

ANSWERED = "every event is answered for good"
ENDED = "every event ends in one way, with a reason"
TRUE = "what Segment was told is true"
ONCE = "no reward twice but for an unknown outcome"
ORDER = "each user's events reach Rehook in order"
LEFT = "nothing is left waiting or claimed"
LEDGER = "the ledger agrees with Rehook"
LOGS = "the logs say the same, and nothing personal"


def sandbox() -> Any:
    """No test here needs one."""
    raise AssertionError


def event(number: int) -> SentEvent:
    """Give a track event of the one user that all tests have."""
    return SentEvent(
        number=number,
        message_id=f"m-{number}",
        raw=b"{}",
        effect=f"t-{number}",
        reward=True,
        expected=frozenset({"delivered"}),
        delivery=f"m-{number}:track",
        user="user",
    )


def call(number: int, name: str) -> ReceivedCall:
    """Give a call that Rehook acted on, the `number`th of the run."""
    return ReceivedCall(
        number=number,
        at=0.0,
        method="POST",
        path="/events/invoke",
        source_id="u",
        event_name=name,
        body="{}",
        status=200,
        acted=True,
    )


def message(number: int, reason: str, token: str = "1") -> QueuedMessage:
    """Give a message of a delivery."""
    attributes = {"delivery": f"m-{number}:track", "reason": reason, "epoch": token}
    body = json.dumps({"event": {"properties": {"page": 1}}})
    return QueuedMessage("id", body, attributes, "group", "dedupe", 0, 0.0)


def told(outcome: str, reason: str | None = None) -> EventAnswers:
    """Give the answers for an event that was told this, once."""
    delivery = {"outcome": outcome, "reason": reason}
    return EventAnswers([{"outcome": outcome, "deliveries": [delivery]}], 0.0, 1.0)


def traced(step: str, key: str, *, status: int | None = 200, killed: bool = False) -> TraceEntry:
    """Give a finished entry of process 7."""
    return TraceEntry(
        step, (key,), "", 7, "IngestFunction", began=1.0, ended=1.1, status=status, killed=killed
    )


def evidence(*entries: TraceEntry) -> Evidence:
    """Give a run of two events, both delivered in order and told so; `entries`: its trace."""
    trace = Trace()
    trace.begin(*entries)
    return Evidence(
        sent=[event(1), event(2)],
        answers={1: told("delivered"), 2: told("delivered")},
        discarded=[],
        calls={"t-1": [call(1, "t-1")], "t-2": [call(2, "t-2")]},
        rewards={"t-1": 1, "t-2": 1},
        ledger={f"m-{number}:track": {"state": {"S": "delivered"}} for number in (1, 2)},
        marks=0,
        waiting=[],
        parked={},
        logs=[
            {"message_id": f"m-{number}", "outcome": "delivered", "service": "ingest"}
            for number in (1, 2)
        ],
        trace=trace,
        interruptions=Interruptions(sandbox, 1),
    )


def violated(findings: Findings) -> set[str]:
    """Give the names of the invariants that do not hold."""
    return {name for name, sentences in findings.violations.items() if sentences}


def test_a_run_in_which_all_went_well_violates_nothing() -> None:
    """Two events that were delivered, recorded and logged are counted as such."""
    findings = check_invariants(evidence(), park=False)

    assert findings.holds
    assert findings.ends == {"delivered": 2}
    assert not +findings.excused


@pytest.mark.parametrize(("page", "excused"), [(1, False), (2, True)])
def test_a_parked_event_may_be_mended_by_another_of_its_order(page: int, *, excused: bool) -> None:
    """What is delivered and parked as well are two events: the delivered one has another page."""
    run = evidence()
    delivered = msgspec.structs.replace(
        call(1, "t-1"), body=json.dumps({"metadata": {"page": page}})
    )
    findings = check_invariants(
        replace(
            run,
            calls=run.calls | {"t-1": [delivered]},  # type: ignore[operator]  # they are dicts here
            parked={"m-1:track": [message(1, "rejected")]},
        ),
        park=False,
    )
    assert (ENDED not in violated(findings)) == excused
    assert bool(+findings.excused) == excused


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda run: replace(run, discarded=[(400, "no")]), {ANSWERED}, id="given up"),
        pytest.param(
            lambda run: replace(run, answers={1: EventAnswers(), 2: told("delivered")}),
            {ANSWERED},
            id="never answered",
        ),
        pytest.param(
            lambda run: replace(
                run, sent=[replace(event(1), effect=None, delivery=None), event(2)], calls={}
            ),
            {ENDED, TRUE, LEDGER},
            id="lost, and delivered what must have no effect",
        ),
        pytest.param(
            lambda run: replace(run, parked={"m-1:track": [message(1, "rejected")]}),
            {ENDED},
            id="delivered and parked",
        ),
        pytest.param(
            lambda run: replace(run, answers={1: told("parked"), 2: told("delivered")}),
            {TRUE, LOGS},
            id="told parked, was delivered",
        ),
        pytest.param(
            lambda run: replace(
                run,
                calls=run.calls | {"t-1": [call(1, "t-1"), call(3, "t-1")]},
                rewards={"t-1": 2, "t-2": 1},
            ),
            {ONCE},
            id="rewarded twice without a cause",
        ),
        pytest.param(
            lambda run: replace(run, calls=run.calls | {"t-9": [call(3, "t-9")]}),
            {ONCE},
            id="rewarded for what nobody sent",
        ),
        pytest.param(
            lambda run: replace(run, calls={"t-1": [call(2, "t-1")], "t-2": [call(1, "t-2")]}),
            {ORDER},
            id="overtaken",
        ),
        pytest.param(
            lambda run: replace(run, waiting=[message(1, "unavailable")]), {LEFT}, id="left waiting"
        ),
        pytest.param(
            lambda run: replace(
                run, ledger=run.ledger | {"m-1:track": {"state": {"S": "claimed"}}}
            ),
            {LEFT},
            id="left claimed",
        ),
        pytest.param(
            lambda run: replace(run, ledger={"m-1:track": {"state": {"S": "delivered"}}}),
            {LEDGER},
            id="not recorded",
        ),
        pytest.param(
            lambda run: replace(
                run,
                ledger=run.ledger | {"m-1:track": {"state": {"S": "parked"}, "epoch": {"N": "2"}}},
                parked={"m-1:track": [message(1, "outcome_unknown", token="1")]},
            ),
            {LEDGER},
            id="parked under another token",
        ),
        pytest.param(lambda run: replace(run, logs=run.logs[:1]), {LOGS}, id="not logged"),
        pytest.param(
            lambda run: replace(run, logs=[*run.logs, {"user": f"{PERSONAL}-1"}]),
            {LOGS},
            id="logged a user",
        ),
    ],
)
def test_each_violation_is_found(
    change: Callable[[Evidence], Evidence], expected: set[str]
) -> None:
    """Evidence with one thing wrong violates the invariants that say so, and no others."""
    assert violated(check_invariants(change(evidence()), park=False)) == expected


def twice(*entries: TraceEntry) -> Evidence:
    """Give a run in which Rehook gave the first reward twice, with these entries in its trace."""
    return replace(
        evidence(*entries),
        calls={"t-1": [call(1, "t-1"), call(3, "t-1")], "t-2": [call(2, "t-2")]},
        rewards={"t-1": 2, "t-2": 1},
    )


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([traced("call", "t-1", killed=True)], id="killed at the call"),
        pytest.param([traced("call", "t-1", status=502)], id="answered 502"),
        pytest.param([traced("call", "t-1", status=None)], id="no answer"),
        pytest.param(
            [traced("call", "t-1"), traced("settle delivered", "m-1:track", status=500)],
            id="not recorded",
        ),
    ],
)
def test_a_second_reward_is_excused_by_an_unknown_outcome(entries: list[TraceEntry]) -> None:
    """Under `retry`, an unknown outcome allows one more call, and it is counted; never `park`."""
    findings = check_invariants(twice(*entries), park=False)
    assert findings.holds
    assert findings.excused["rewards repeated"] == 1
    assert violated(check_invariants(twice(*entries), park=True)) == {ONCE}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([traced("call", "t-1", status=429)], id="refused"),
        pytest.param(
            [traced("call", "t-1"), traced("settle delivered", "m-1:track")], id="recorded"
        ),
    ],
)
def test_a_call_whose_outcome_was_known_excuses_nothing(entries: list[TraceEntry]) -> None:
    """A second reward after a refused call, or after a recorded one, is a violation."""
    assert violated(check_invariants(twice(*entries), park=False)) == {ONCE}
