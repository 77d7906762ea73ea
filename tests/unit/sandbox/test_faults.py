"""Faults to order."""

from __future__ import annotations

import threading

from tools.sandbox.faults import Fault, FaultPlan, Kind

CALL = {"path": "/customers", "customer": "u1"}


def test_a_fault_hits_so_often_and_no_more() -> None:
    """``skip`` calls pass, then ``times`` calls are hit."""
    plan = FaultPlan()
    plan.order(Fault(kind=Kind.RESET, skip=1, times=2))
    assert [plan.take(CALL) is not None for _ in range(4)] == [False, True, True, False]


def test_a_fault_hits_only_what_it_names() -> None:
    """Every pair of ``match`` must be among the call's facts."""
    plan = FaultPlan()
    plan.order(Fault(kind=Kind.RESET, match={"customer": "u2"}, times=None))
    assert plan.take(CALL) is None
    assert plan.take({**CALL, "customer": "u2"}) is not None


def test_a_fault_lasts_until_it_is_cleared() -> None:
    """Clearing one leaves the others."""
    plan = FaultPlan()
    first = plan.order(Fault(kind=Kind.RESET, times=None))
    plan.order(Fault(kind=Kind.GARBAGE, times=None))
    plan.clear(first)
    hit = plan.take(CALL)
    assert hit is not None
    assert hit.kind is Kind.GARBAGE


def test_a_share_of_calls_is_hit_the_same_ones_each_time() -> None:
    """``probability`` draws from the plan's seed."""

    def hits(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.order(Fault(kind=Kind.RESET, times=None, probability=0.3))
        return [plan.take(CALL) is not None for _ in range(200)]

    assert hits(1) == hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90


def test_a_held_call_waits_for_its_release() -> None:
    """``release`` lets exactly so many go on."""
    plan = FaultPlan()
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
