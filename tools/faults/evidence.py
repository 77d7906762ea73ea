"""The evidence of a run: what each side has recorded, read at the end."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.faults.load import OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.faults.interruptions import Interruptions
    from tools.faults.load import SentEvent
    from tools.faults.sender import EventAnswers, SegmentSender
    from tools.faults.trace import Trace
    from tools.sandbox.rehook import ReceivedCall
    from tools.sandbox.sandbox import Sandbox
    from tools.sandbox.services import QueuedMessage, RehookControl


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What Segment, Rehook, the ledger, the queues, the logs and the relays have recorded.

    `answers`: by the number of the event. `discarded`: answers after which Segment gave up.
    """

    sent: Sequence[SentEvent]
    answers: Mapping[int, EventAnswers]
    discarded: Sequence[tuple[int, str]]
    calls: Mapping[str, Sequence[ReceivedCall]]
    """By effect, those that Rehook carried out, in its order."""
    rewards: Mapping[str, int]
    ledger: Mapping[str, Mapping[str, Any]]
    """By delivery."""
    marks: int
    waiting: Sequence[QueuedMessage]
    parked: Mapping[str, Sequence[QueuedMessage]]
    """By delivery."""
    logs: Sequence[Mapping[str, Any]]
    trace: Trace
    interruptions: Interruptions

    def mended(self, effect: str, parked: Sequence[QueuedMessage]) -> bool:
        """Whether the event that was delivered has replaced those that were parked.

        The events of an order differ in `page` (`load`); other events have none.
        """
        metadata = [json.loads(call.body).get("metadata", {}) for call in self.calls[effect]]
        delivered = {each.get("page") for each in metadata}
        refused = {json.loads(each.body)["event"]["properties"].get("page") for each in parked}
        return None not in delivered and delivered.isdisjoint(refused)


def collect(
    sandbox: Sandbox,
    rehook: RehookControl,
    sent: Sequence[SentEvent],
    sender: SegmentSender,
    trace: Trace,
    interruptions: Interruptions,
) -> Evidence:
    """Read the evidence."""
    calls: dict[str, list[ReceivedCall]] = defaultdict(list)
    for call in rehook.calls():
        if call.acted and call.method == "POST" and call.source_id != OWNER:
            calls[_effect(call)].append(call)
    items = sandbox.ledger()
    parked: dict[str, list[QueuedMessage]] = defaultdict(list)
    for message in sandbox.queue("ParkingLot").messages():
        parked[message.attributes.get("delivery", "")].append(message)
    return Evidence(
        sent=sent,
        answers=sender.events,
        discarded=sender.discarded,
        calls=calls,
        rewards={event: count for (_, event), count in rehook.rewards().items()},
        ledger={
            item["id"]["S"].removeprefix("delivery#"): item
            for item in items
            if item["id"]["S"].startswith("delivery#")
        },
        marks=sum(item["id"]["S"].startswith("user#") for item in items),
        waiting=sandbox.queue("DeadLetterQueue").messages(),
        parked=parked,
        logs=sandbox.log.entries(),
        trace=trace,
        interruptions=interruptions,
    )


def _effect(call: ReceivedCall) -> str:
    if call.event_name is not None:
        return call.event_name
    metadata: dict[str, Any] = json.loads(call.body).get("metadata") or {}
    return str(metadata.get("n"))
