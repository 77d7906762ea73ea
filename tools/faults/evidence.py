"""The evidence of a run: everything that each side says of it, as it was at the end."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.faults.load import OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.faults.interruptions import Interruptions
    from tools.faults.journal import Journal
    from tools.faults.load import Sent
    from tools.faults.sender import Sender, Told
    from tools.sandbox.rehook import ReceivedCall
    from tools.sandbox.sandbox import Sandbox
    from tools.sandbox.services import QueuedMessage, RehookControl


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was sent and told (Segment), done (Rehook), recorded (ledger), kept (queues), logged."""

    sent: Sequence[Sent]
    told: Mapping[int, Told]
    discarded: Sequence[tuple[int, str]]
    calls: Mapping[str, Sequence[ReceivedCall]]
    """By unit, those that Rehook carried out, in its order."""
    rewards: Mapping[str, int]
    ledger: Mapping[str, Mapping[str, Any]]
    """By delivery."""
    marks: int
    waiting: Sequence[QueuedMessage]
    parked: Mapping[str, Sequence[QueuedMessage]]
    """By delivery."""
    logs: Sequence[Mapping[str, Any]]
    journal: Journal
    interruptions: Interruptions


def collect(
    box: Sandbox,
    rehook: RehookControl,
    sent: Sequence[Sent],
    sender: Sender,
    journal: Journal,
    interruptions: Interruptions,
) -> Evidence:
    """Read them all."""
    calls: dict[str, list[ReceivedCall]] = defaultdict(list)
    for call in rehook.calls():
        if call.acted and call.method == "POST" and call.source_id != OWNER:
            calls[_unit(call)].append(call)
    items = box.ledger()
    parked: dict[str, list[QueuedMessage]] = defaultdict(list)
    for message in box.queue("ParkingLot").messages():
        parked[message.attributes.get("delivery", "")].append(message)
    return Evidence(
        sent=sent,
        told=sender.told,
        discarded=sender.discarded,
        calls=calls,
        rewards={event: count for (_, event), count in rehook.rewards().items()},
        ledger={
            item["id"]["S"].removeprefix("delivery#"): item
            for item in items
            if item["id"]["S"].startswith("delivery#")
        },
        marks=sum(item["id"]["S"].startswith("user#") for item in items),
        waiting=box.queue("DeadLetterQueue").messages(),
        parked=parked,
        logs=box.log.entries(),
        journal=journal,
        interruptions=interruptions,
    )


def _unit(call: ReceivedCall) -> str:
    if call.event_name is not None:
        return call.event_name
    metadata: dict[str, Any] = json.loads(call.body).get("metadata") or {}
    return str(metadata.get("n"))
