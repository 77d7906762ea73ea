"""The bench measures what it says, in few rounds."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.reply import ReplyClass
from tools.bench import calls, events, measure
from tools.bench.__main__ import main


def test_each_figure_is_a_ratio_of_the_same_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each figure has one line, and a call that fails ends the benchmark."""
    monkeypatch.setattr(measure, "ROUNDS", 1)
    monkeypatch.setattr(calls, "CALLS", 16)
    monkeypatch.setattr(events, "TIMES", 2)
    monkeypatch.setattr(events, "BATCH", 5)
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    assert all(" × " in line and line.endswith(" /s") for line in lines)


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown part is refused by name, with the names that there are."""
    assert main(["cals"]) == 2
    assert "no such part: cals; there are calls, events" in capsys.readouterr().err


def test_the_ratio_is_ours_to_theirs() -> None:
    """Twice as long as the other side is a ratio of 2."""
    twice = measure.Comparison("n", "y", ours=0.2, theirs=0.1, count=10)
    assert twice.ratio == 2
    assert "2.00 × y" in twice.line
    assert twice.line.endswith("50 /s")


def test_the_quickest_rehook_can_answer_late() -> None:
    """It holds back the answer to each request for the time that it was given."""
    with calls.serving("--delay-ms", "200") as url, ThreadPoolExecutor(8) as threads:
        client = RehookClient(url, lambda: ("key", "secret"))

        def took(_thread: int) -> float:
            started = time.monotonic()
            reply = client.call(calls.EVENT, timeout=30.0, action="trackEvent")
            assert reply.kind is ReplyClass.DELIVERED
            return time.monotonic() - started

        assert min(threads.map(took, range(16))) >= 0.2
        client.close()
