"""What Hypothesis chooses from: users, events, answers, faults, spans of time, interruptions."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fakes import rehook

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
# An invocation takes some ten steps for each delivery.
steps = st.integers(1, 16) | st.integers(1, 60)
Trouble = tuple[int, str | float]
# What happens to a process at one of its steps: a number is seconds for which it stands still.
interruptions = st.sampled_from(["die", "poll", "duplicate", "new", 10.0, 40.0, 100.0, 400.0])
troubles = st.lists(st.tuples(steps, interruptions), max_size=2)
answers = st.lists(st.sampled_from(TURNS), max_size=2)

kinds = st.sampled_from(["track", "track", "track", "identify", "order"])
events = st.lists(st.tuples(kinds, st.sampled_from(USERS)), min_size=1, max_size=4)
