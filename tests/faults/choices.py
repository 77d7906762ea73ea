"""What Hypothesis draws from: users, events, answers, faults, spans of time, interruptions."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import strategies as st

from tests.faults.process import Step
from tools.fakes import rehook
from tools.fakes.faults import Fate

USERS = ("ann", "bob", "eve")
TURNS = (
    rehook.DELIVERED,
    rehook.REJECTED,
    rehook.CREDENTIALS,
    rehook.THROTTLED,
    rehook.UNAVAILABLE,
    rehook.UNREACHABLE,
    rehook.UNKNOWN_DONE,
    rehook.UNKNOWN_UNDONE,
)
OPERATIONS = (
    "ledger.swap",
    "ledger.share",
    "ledger.take_queued",
    "ledger.settle_and_clear",
    "marks.put",
    "marks.read",
    "marks.clear",
    "breaker.*",
    "dead.send",
    "dead.change_visibility",
    "parking.send",
    "secrets.read",
)
SPANS = (1.0, 6.0, 20.0, 40.0, 100.0, 400.0, 4_000.0, 40_000.0)
# The steps of a single event, most often those near its call; and steps of longer requests.
numbered = st.sampled_from([*range(1, 17), *range(7, 15), *range(20, 60, 4)])
# The steps around a call, by name. Between the first and the second of them, other deliveries of
# the request are claimed or called.
named = st.tuples(
    st.sampled_from(
        [
            "after claim",
            "after shared claim",
            "before call",
            "after call",
            "before settle",
            "before shared settle",
        ]
    ),
    st.sampled_from([1, 1, 2]),
)
Trouble = tuple[Step, str | float | Fate]
# What happens to a process at one of its steps. A number: it stands still for so many seconds. A
# fate: the call that it makes there fails in that way.
INTERRUPTIONS: tuple[str | float | Fate, ...] = (
    "die",
    *Fate,
    "poll",
    "duplicate",
    "new",
    "soon poll",
    "soon duplicate",
    "late poll",
    "late duplicate",
    10.0,
    100.0,
    400.0,
)
# Seconds: within a lease of ingest, and beyond it.
LATENESS = {"": 0.0, "soon": 10.0, "late": 40.0}
interruptions = st.sampled_from(INTERRUPTIONS)
troubles = st.lists(st.tuples(numbered | named, interruptions), max_size=2)
answers = st.lists(st.sampled_from(TURNS), max_size=2)

kinds = st.sampled_from(["track", "track", "track", "identify", "order"])
events = st.lists(st.tuples(kinds, st.sampled_from(USERS)), min_size=1, max_size=4)


def every_nth(number: int) -> Callable[[object], bool]:
    """Give a function that is true at each `number`th call; 0: at none."""
    count = itertools.count(1)
    return lambda _entry: number > 0 and next(count) % number == 0
