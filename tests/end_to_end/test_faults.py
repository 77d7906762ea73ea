"""The crash test, as short as it can be, and processes that are frozen as Lambda freezes them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tools.faults.report import as_json
from tools.faults.result import RunSettings
from tools.faults.run import run
from tools.sandbox import Fault, Kind
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.sandbox import Sandbox

# What a process that is frozen for longer finds: its connection is old, its call's time is over.
MAX_IDLE, CALL_TIMEOUT = 5.0, 2.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("policy", "seed"), [("retry", 41), ("park", 42)])
def test_the_books_agree_after_a_load(policy: str, seed: int) -> None:
    """Killed at random and at exact steps, with each service failing, the bridge keeps its promise.

    The long run is ``make faults``; docs/faults.md says what is compared.
    """
    build()
    result = run(
        RunSettings(seed=seed, events=150, kills=12, freezes=2, policy=policy), lambda _: None
    )
    assert sum(result.kills.values()) >= 6, "there was next to nothing to kill"
    assert result.holds, json.dumps(as_json(result), indent=1)


@contextmanager
def frozen(box: Sandbox, seconds: float) -> Iterator[None]:
    """Stop all of ingest's processes for the block and so many seconds, and let them go on."""
    processes = box.processes("IngestFunction")
    assert processes
    for process in processes:
        process.hold()
    yield
    time.sleep(seconds)
    for process in processes:
        process.let_go()


def test_frozen_between_invocations(box: Sandbox, track: Callable[..., dict[str, Any]]) -> None:
    """A process that was frozen between requests makes no late call, and then delivers.

    Its idle connection, closed meanwhile, does not make the outcome unknown.
    """
    first, second = track(), track()
    assert box.segment.send(first).body["delivered"] == 1
    calls = len(box.rehook.calls())
    with frozen(box, MAX_IDLE + 0.5):
        box.rehook.switch(on=False)  # as a load balancer drops what idles
        box.rehook.switch(on=True)
    assert len(box.rehook.calls()) == calls
    answer = box.segment.send(second)
    assert answer.body["delivered"] == 1, answer.text
    assert rewards(box, first["userId"]) == 2


def test_frozen_in_the_middle_of_a_call(
    box: Sandbox, track: Callable[..., dict[str, Any]], user: str
) -> None:
    """An answer that came while the process was frozen counts, and the call is not repeated."""
    event = track()
    box.rehook.fault(Fault(kind=Kind.HOLD, match={"customer": user}))
    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(box.segment.send, event)
        box.wait_until(lambda: box.rehook.held() == 1)
        with frozen(box, CALL_TIMEOUT + 0.5):
            box.rehook.release()
        answer = answering.result()
    drain(box)
    assert answer.body["delivered"] == 1, answer.text
    assert rewards(box, user) == 1
