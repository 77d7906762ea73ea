"""What the fuzzer holds of the door, on drawn bodies and on those made to cost much."""

from __future__ import annotations

import contextlib
import itertools
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive
from tools.fuzz.costly import COSTLY
from tools.fuzz.door import PIECES, RULES, TOKEN, Broken, check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.segment.access import AccessRules
    from segment_rehook.segment.envelope import Envelope


def stopped() -> float:
    """A clock that stands still: what the door costs is measured by the fuzzer."""
    return 0.0


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_holds_for_drawn_bodies(body: bytes) -> None:
    """Only refusals are raised, and what comes in is read alike by every way round."""
    check(body, clock=stopped)


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_holds_for_bodies_made_to_cost_much(body: bytes) -> None:
    """They are refused, or read alike by every way round, as any other body is."""
    check(body, clock=stopped)


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_takes_no_more_memory_than_its_length_allows(body: bytes) -> None:
    """Forty bytes a byte at worst, with all members decoded; and a thousand for each event."""
    elements: tuple[Event | UnreadableEvent, ...] = ()
    tracemalloc.start()
    try:
        with contextlib.suppress(Refusal):
            elements = receive("POST", TOKEN, body, RULES).elements
        for event in elements:
            if isinstance(event, Event):
                event.members()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(body) + 1_000 * len(elements) + 10_000


def test_a_slow_door_is_noticed() -> None:
    """A body whose cost is out of proportion to its length fails the check."""
    ticks = itertools.count(0.0, 10.0)
    with pytest.raises(Broken, match=r"10\.0 s"):
        check(b"{}", clock=lambda: next(ticks))


def test_a_door_that_changes_an_event_is_noticed() -> None:
    """An event let in other than as it was signed fails the check."""

    def altered(
        method: str, headers: Mapping[str, str], body: bytes, access: AccessRules
    ) -> Envelope:
        envelope = receive(method, headers, body, access)
        return replace(envelope, elements=(Event.parse(b'{"type":"other"}'),))

    with pytest.raises(Broken, match="a signed first event is not let in"):
        check(b'[{"type":"track"}]', door=altered, clock=stopped)
