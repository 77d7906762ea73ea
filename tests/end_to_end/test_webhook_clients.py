"""Segment's own webhook destinations against the running bridge: what they send, Rehook has once.

The events are awkward on purpose. What Rehook is to have of each is written down here, as
JavaScript reads it: Segment's own code decodes every event before it sends it on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.webhook_senders import SENDERS, Turn, needs_node, take
from tests.end_to_end.conftest import drain
from tools.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_node

WIDE = {f"k{number}": number for number in range(10_000)}
DEEP = '{"a":' * 100 + "1" + "}" * 100
TOO_DEEP = '{"a":' * 1_000 + "1" + "}" * 1_000

METADATA = {
    "cut-emoji": (r'{"name":"Ann \ud83d","\ude00":1}', {"name": "Ann \ud83d", "\ude00": 1}),
    "emoji": ('{"a":"\U0001f600","é":"\u2028\u2029"}', {"a": "\U0001f600", "é": "\u2028\u2029"}),
    "whole": ('{"total":25.0,"e":1e0}', {"total": 25, "e": 1}),
    "numbers": (
        '{"a":1e21,"b":-0,"c":1e-7,"d":1e999,"e":1e20}',
        {"a": 1e21, "b": 0, "c": 1e-7, "d": None, "e": 10**20},
    ),
    "rounded": ('{"id":9007199254740993}', {"id": 9007199254740992}),
    "escapes": (r'{"a":"\u0000\"\\\/\b\f\n\r\t\u007f"}', {"a": '\0"\\/\b\f\n\r\t\x7f'}),
    "brackets": (r'{"a":"],[{\"","b":"\\\\\"}"}', {"a": '],[{"', "b": '\\\\"}'}),
    "twice": ('{"a":1,"a":{"b":2}}', {"a": {"b": 2}}),
    "indices": ('{"10":1,"2":2,"length":3}', {"2": 2, "10": 1, "length": 3}),
    "nothing": ("{}", {}),
    "wide": (json.dumps(WIDE), WIDE),
    "deep": (DEEP, json.loads(DEEP)),
}
"""By name: an event's properties as a source wrote them, and what Rehook is to have."""

DROPPED = {
    "nobody": ('"userId":null', "missing_user_id"),
    "too-deep": (f'"userId":"someone","properties":{TOO_DEEP}', "too_deep"),
    "refused": ('"userId":"someone","integrations":{"Rehook":false}', "integration_disabled"),
}
"""By name: an event's members, and why it is dropped."""


@dataclass(frozen=True)
class Books:
    """Rehook's calls by `source_id`, and the reasons of the answers by `messageId`."""

    calls: dict[str | None, list[dict[str, Any]]]
    dropped: dict[str | None, list[str]]


def events(prefix: str) -> list[str]:
    """The awkward events, each of a user whose name tells which it is."""
    return [
        f'{{"type":"{kind}","event":"e","messageId":"{prefix}/{kind}/{name}",'
        f'"userId":"{prefix}/{kind}/{name}","{member}":{text}}}'
        for name, (text, _) in METADATA.items()
        for kind, member in (("track", "properties"), ("identify", "traits"))
    ] + [
        f'{{"type":"track","event":"e","messageId":"{prefix}/{name}",{members}}}'
        for name, (members, _) in DROPPED.items()
    ]


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    """What came of everything that every destination sent, one by one and in batches."""
    with Sandbox() as box:
        box.put_secret("segment/tokens", "a-token\nX-Team-Token: t2")
        turns = [
            Turn(
                sender,
                events(f"{name}/{batch}"),
                box.shared_secret,
                batch,
                {"url": box.webhook},
                {},
            )
            for name, sender in SENDERS.items()
            for batch in (False, True)
        ]
        take(turns)
        drain(box)
        calls = defaultdict(list)
        for call in box.rehook.calls():
            if call.acted:
                calls[call.source_id].append(json.loads(call.body))
        dropped = defaultdict(list)
        for entry in box.log.entries():
            if entry.get("outcome") == "dropped":
                dropped[entry.get("message_id")].append(entry["reason"])
        yield Books(calls, dropped)


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
@pytest.mark.parametrize("sender", SENDERS)
def test_what_a_destination_sends_is_delivered_once(books: Books, sender: str, batch: bool) -> None:
    """Each event of Segment's own destinations is delivered once, as JavaScript reads it.

    An event that can't be delivered is dropped with its reason.
    """
    prefix = f"{sender}/{batch}"
    for name, (_, metadata) in METADATA.items():
        for kind in ("track", "identify"):
            (call,) = books.calls[f"{prefix}/{kind}/{name}"]
            assert call["metadata"] == metadata
            assert call.get("event_name") == ("e" if kind == "track" else None)
    for name, (_, reason) in DROPPED.items():
        told = [None] if reason == "too_deep" else [f"{prefix}/{name}"]
        assert reason in books.dropped[told[0]]


def test_nothing_else_came_of_it(books: Books) -> None:
    """No event is delivered that was to be dropped, and each drop is told once."""
    sent = {
        f"{sender}/{batch}/{kind}/{name}"
        for sender in SENDERS
        for batch in (False, True)
        for kind in ("track", "identify")
        for name in METADATA
    }
    assert books.calls.keys() == sent
    assert sum(map(len, books.dropped.values())) == 2 * len(SENDERS) * len(DROPPED)
