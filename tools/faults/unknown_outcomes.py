"""The calls of a run whose outcome the bridge could not know, or could not record, and why."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.faults.evidence import Evidence
    from tools.faults.load import SentEvent
    from tools.faults.trace import TraceEntry

UNDELIVERED: Final = frozenset({*range(300, 500), 503}) - {408}
"""Statuses of answers which say that Rehook has not acted."""
SUCCESSES: Final = range(200, 300)
TIME_OUT: Final = 1.9
"""Seconds, a little less than ingest's time-out: a loaded machine needs some of it itself."""


def unknown_outcomes(
    evidence: Evidence, by_effect: Mapping[str, Sequence[SentEvent]]
) -> dict[str, list[str]]:
    """Give, for each effect, why its calls had unknown outcomes: one reason for each such call."""
    unknown: dict[str, list[str]] = defaultdict(list)
    for effect, entries in _calls_and_settlements(evidence, by_effect).items():
        for number, call in enumerate(entries):
            if call.step == "call":
                settlements = itertools.takewhile(
                    lambda entry: entry.step != "call",
                    (entry for entry in entries[number + 1 :] if entry.pid == call.pid),
                )
                if cause := _cause(evidence, call, list(settlements)):
                    unknown[effect].append(cause)
    return unknown


def _calls_and_settlements(
    evidence: Evidence, by_effect: Mapping[str, Sequence[SentEvent]]
) -> dict[str, list[TraceEntry]]:
    """Give, for each effect, its calls and their settlements as delivered, in order."""
    effects = {sent.delivery: effect for effect, events in by_effect.items() for sent in events}
    entries: dict[str, list[TraceEntry]] = defaultdict(list)
    for entry in evidence.trace.of("call", "settle delivered"):
        for key in entry.keys:
            if effect := key if entry.step == "call" else effects.get(key):
                entries[effect].append(entry)
    return entries


def _cause(evidence: Evidence, call: TraceEntry, settlements: list[TraceEntry]) -> str | None:
    """Say why the outcome of a call was unknown; None where it was known and recorded."""
    if call.killed:
        return "killed at the call"
    if call.pid is None:
        return "gone at the call"
    if call.status in UNDELIVERED:
        return None
    if not call.succeeded:
        return f"answered {call.status}"
    if any(entry.status in SUCCESSES for entry in settlements):
        return None
    if settlements:
        return "not recorded"
    if call.pid in evidence.interruptions.killed:
        return "killed after the call"
    if any(pid == call.pid for pid, _, _ in evidence.interruptions.frozen):
        return "frozen at the call"
    ended = call.ended or call.began
    return "answered too late" if ended - call.began > TIME_OUT else None
