"""What the fuzzer holds of the door, on drawn bodies and on those made to cost much."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment import envelope
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import Refusal
from segment_rehook.segment.webhook import receive
from tools.fuzz.door import PIECES, RULES, TOKEN, Broken, check

TIMES = 100_000
COSTLY = {
    "open arrays": b"[" * TIMES,
    "open objects": b'{"a":' * TIMES,
    "empty arrays": b"[]" * TIMES,
    "numbers": b"[" + b"1," * TIMES + b"1]",
    "lone surrogates": b"[" + b'"\\ud800",' * 9_000 + b"{}]",
    "empty objects": b"[" + b"{}," * 9_000 + b"{}]",
    "deep elements": b"[" + (b"[" * 200 + b"]" * 200 + b",") * 500 + b"{}]",
    "brackets in strings": b'{"a":[' + b'"[",[],' * TIMES + b"1]}",
    "quotes": b'{"a":"' + b'\\"' * TIMES + b'"}',
    "backslashes": b'{"a":"' + b"\\" * TIMES + b'"}',
    "unclosed strings": b'["' + b'\\"' * TIMES,
    "blanks": b"[" + b" " * TIMES + b"{}]",
    "commas": b"[" + b"," * TIMES + b"{}]",
    "wrappers": b"[" + b'{"json":' * TIMES + b"]",
    "wrapper's end": b'[{"json":' + b"}" * TIMES + b" ]",
    "one number": b'{"a":' + b"9" * TIMES + b"}",
    "fraction": b'{"a":0.' + b"9" * TIMES + b"}",
    "exponent": b'{"a":1e' + b"9" * TIMES + b"}",
    "long integers": b'{"a":[' + (b"9" * 308 + b",") * 900 + b"1]}",
    "keys": b'{"p":{' + b",".join(b'"k%d":1' % number for number in range(TIMES)) + b"}}",
    "empty objects within": b'{"p":[' + b"{}," * TIMES + b"1]}",
    "small objects within": b'{"p":[' + b'{"":1},' * TIMES + b"1]}",
    "arrays beside a lone surrogate": b'{"p":["\\ud800",' + b"[]," * TIMES + b"1]}",
    "equal keys": b'{"p":{' + b'"a":1,' * TIMES + b'"a":1}}',
}


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_holds_for_drawn_bodies(body: bytes) -> None:
    """Only refusals are raised, and what comes in is read alike by every way round."""
    check(body)


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_costs_no_more_than_its_length(body: bytes) -> None:
    """No input makes the door work out of proportion; the bound is in `check`."""
    check(body)


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


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event let in other than as it was signed is noticed."""
    monkeypatch.setattr(envelope, "unwrap", lambda _: b'{"type":"other"}')
    with pytest.raises(Broken):
        check(b'[{"type":"track"}]')
