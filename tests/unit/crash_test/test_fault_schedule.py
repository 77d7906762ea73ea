"""The faults that the crash test asks of the stand-ins for AWS."""

from __future__ import annotations

import pytest

from tools.faults.fault_schedule import AT_AWS
from tools.sandbox.aws_faults import AwsFaultPlan


@pytest.mark.parametrize("name", AT_AWS)
def test_the_stand_in_accepts_each_scenario(name: str) -> None:
    """Each fault names an operation and a kind that the stand-in for AWS knows."""
    plan = AwsFaultPlan()

    for fault in AT_AWS[name]:
        assert plan.order(fault)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "BatchExecuteStatement"])
def test_a_claim_may_be_written_without_an_answer(operation: str) -> None:
    """Claims fail after they took effect, alone and with others in one request."""
    acted = [
        fault.kind
        for faults in AT_AWS.values()
        for fault in faults
        if fault.acted and fault.match.get("operation") == operation
    ]

    assert {"reset", "delay"} <= set(acted)
