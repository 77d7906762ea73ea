"""The promise under every order of events, faults and interruptions that Hypothesis tries.

The gate runs a fixed set of cases. `PROMISE_EXAMPLES=20000 pytest tests/faults/test_model.py`
runs so many new cases, others each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.machine import Promise

EXAMPLES = int(os.environ.get("PROMISE_EXAMPLES", "0"))
GATE_EXAMPLES = 1_500


@pytest.mark.timeout(0 if EXAMPLES else 600)
def test_the_promise_holds_whatever_happens() -> None:
    """No case breaks the promise: at no call of Rehook, in no answer, and not in the end."""
    run_state_machine_as_test(
        Promise,
        settings=settings(
            max_examples=EXAMPLES or GATE_EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
