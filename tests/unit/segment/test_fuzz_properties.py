"""What the fuzzer checks when a request is received, on random bodies and on costly ones."""

from __future__ import annotations

import contextlib
import itertools
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive
from tools.fuzz.costly import COSTLY
from tools.fuzz.properties import PIECES, RULES, TOKEN, PropertyViolated, check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.segment.access import AccessRules
    from segment_rehook.segment.envelope import Envelope


def stopped() -> float:
    """Give the same time always: how long receiving takes is measured by the fuzzer."""
    return 0.0


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_the_properties_hold_for_random_bodies(body: bytes) -> None:
    """Any body is refused, or its events read the same in every way that they are read."""
    check(body, clock=stopped)


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_the_properties_hold_for_costly_bodies(body: bytes) -> None:
    """A costly body is refused, or its events read the same in every way that they are read."""
    check(body, clock=stopped)


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_takes_no_more_memory_than_its_length_allows(body: bytes) -> None:
    """Receiving and decoding a body takes at most 40 bytes a byte and 1,000 bytes an event."""
    elements: list[Event | UnreadableEvent] = []
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


def test_slow_receiving_is_noticed() -> None:
    """A body that takes too long for its length fails the check."""
    ticks = itertools.count(0.0, 10.0)
    with pytest.raises(PropertyViolated, match=r"10\.0 s"):
        check(b"{}", clock=lambda: next(ticks))


def test_a_changed_event_is_noticed() -> None:
    """An event that differs from the one that was signed fails the check."""

    def altered(
        method: str, headers: Mapping[str, str], body: bytes, access: AccessRules
    ) -> Envelope:
        envelope = receive(method, headers, body, access)
        return replace(envelope, elements=(Event.parse(b'{"type":"other"}'),))

    with pytest.raises(PropertyViolated, match="a signed first event is not let in"):
        check(b'[{"type":"track"}]', receive=altered, clock=stopped)
