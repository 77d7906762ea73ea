"""Tests of ordered faults."""

from __future__ import annotations

import threading

import msgspec
import pytest

from tools.sandbox.aws_faults import AwsFaultPlan
from tools.sandbox.faults import Fact, Fault, FaultPlan, Kind

FACTS = {"path": Fact(r"/.*", "a path"), "customer": Fact()}
CALL = {"path": "/customers", "customer": "u1"}


def test_a_fault_hits_so_often_and_no_more() -> None:
    """A fault lets ``skip`` calls succeed and then hits ``times`` calls."""
    plan = FaultPlan(FACTS)
    plan.order(Fault(kind=Kind.RESET, skip=1, times=2))
    assert [plan.take(CALL) is not None for _ in range(4)] == [False, True, True, False]


def test_a_fault_hits_only_what_it_names() -> None:
    """A fault hits a call only if every pair of ``match`` is among the call's facts."""
    plan = FaultPlan(FACTS)
    plan.order(Fault(kind=Kind.RESET, match={"customer": "u2"}, times=None))
    assert plan.take(CALL) is None
    assert plan.take({**CALL, "customer": "u2"}) is not None


def test_a_fault_lasts_until_it_is_cleared() -> None:
    """A fault without ``times`` hits until it is cleared; the other faults stay."""
    plan = FaultPlan(FACTS)
    first = plan.order(Fault(kind=Kind.RESET, times=None))
    plan.order(Fault(kind=Kind.GARBAGE, times=None))
    plan.clear(first)
    hit = plan.take(CALL)
    assert hit is not None
    assert hit.kind is Kind.GARBAGE


def test_a_share_of_calls_is_hit_the_same_ones_each_time() -> None:
    """Two plans with the same seed hit the same calls."""

    def hits(seed: int) -> list[bool]:
        plan = FaultPlan(FACTS, seed=seed)
        plan.order(Fault(kind=Kind.RESET, times=None, probability=0.3))
        return [plan.take(CALL) is not None for _ in range(200)]

    assert hits(1) == hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90


def test_a_held_call_waits_for_its_release() -> None:
    """``release`` lets exactly the given number of held calls continue."""
    plan = FaultPlan(FACTS)
    threads = [threading.Thread(target=plan.hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    while plan.held < 3:
        pass
    plan.release(1)
    while plan.held > 2:
        pass
    plan.clear()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert plan.held == 0


def test_what_is_cleared_twice_releases_no_later_call() -> None:
    """A call that is held after all faults were cleared is held until they are cleared again."""
    plan = FaultPlan(FACTS)
    first, second = (threading.Thread(target=plan.hold) for _ in range(2))
    first.start()
    while plan.held < 1:
        pass
    plan.clear()
    plan.clear()
    first.join(5)
    second.start()
    while plan.held < 1 and second.is_alive():
        pass
    assert plan.held == 1
    plan.clear()
    second.join(5)
    assert not second.is_alive()


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"custmer": "u1"}, "no call has a custmer; known are customer, path"),
        ({"path": "customers"}, "match.path hits no call; it is a path"),
    ],
)
def test_a_fault_that_can_hit_nothing_is_refused(match: dict[str, str], said: str) -> None:
    """The error names the fact that no call has, and no fault is added."""
    plan = FaultPlan(FACTS)
    with pytest.raises(ValueError, match=said):
        plan.order(Fault(kind=Kind.RESET, match=match))
    assert plan.idle


def test_a_kind_that_there_is_not_here_is_refused() -> None:
    """The error lists the kinds that are possible here."""
    plan = FaultPlan(FACTS, without=Kind.PARTIAL)
    with pytest.raises(ValueError, match=r"known are answer, reset, .*delay, hold"):
        plan.order(Fault(kind=Kind.PARTIAL, entries=[0]))


@pytest.mark.parametrize(
    "match", [{}, {"operation": "SendMessage"}, {"service": "SQS", "operation": "SendMessageBatch"}]
)
def test_at_aws_only_a_batch_can_fail_in_part(match: dict[str, str]) -> None:
    """A partial fault must name a batch call, because other calls have no entries."""
    plan = AwsFaultPlan()
    with pytest.raises(ValueError, match="one of"):
        plan.order(Fault(kind=Kind.PARTIAL, entries=[0], match=match))
    plan.order(Fault(kind=Kind.PARTIAL, entries=[0], match={"operation": "SendMessageBatch"}))


def test_a_statement_fails_only_with_a_code_that_dynamodb_has() -> None:
    """An unknown code, and one that depends on the statement itself, are refused."""
    plan = AwsFaultPlan()
    match = {"operation": "BatchExecuteStatement"}
    with pytest.raises(ValueError, match=r"one of AccessDenied, .*ThrottlingError"):
        plan.order(Fault(kind=Kind.PARTIAL, entries=[0], code="DuplicateItem", match=match))
    plan.order(Fault(kind=Kind.PARTIAL, entries=[0], code="ThrottlingError", match=match))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kind": "reset", "status": 503}', "reset does not use status"),
        ('{"kind": "hold", "body": "x", "entries": [1]}', "hold does not use body, entries"),
        ('{"kind": "delay"}', "seconds"),
        ('{"kind": "partial"}', "entries"),
        ('{"kind": "reset", "code": "ThrottlingError"}', "reset does not use code"),
        ('{"kind": "partial", "entries": [-1]}', "entries"),
        ('{"kind": "reset", "times": 0}', "times"),
        ('{"kind": "reset", "skip": -1}', "skip"),
        ('{"kind": "reset", "probability": 0}', "probability"),
        ('{"kind": "reset", "probability": 1.5}', "probability"),
        ('{"kind": "delay", "seconds": -1}', "seconds"),
        ('{"kind": "answer", "status": 99}', "status"),
        ('{"kind": "reset", "stauts": 1}', "stauts"),
    ],
)
def test_a_fault_with_a_field_that_has_no_effect_is_refused(text: str, said: str) -> None:
    """A field with a wrong value, or without effect on the kind, is refused at once."""
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.json.decode(text, type=Fault)
