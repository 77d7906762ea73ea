"""What Segment sends once more at the end of a run, as an operator may ask it to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.faults.load import SentEvent
    from tools.sandbox.sandbox import Sandbox

REPLAYED = 0.1
"""The share of the settled events that is sent once more; all others are."""
BATCH = 20
"""Events in a request."""


def replay(
    lanes: Sequence[Sequence[Sequence[SentEvent]]], sandbox: Sandbox, seed: int
) -> list[list[list[SentEvent]]]:
    """Draw the events that are sent once more, as each lane's requests in order."""
    unsettled = _unsettled(sandbox)
    chance = random.Random(seed)
    replayed = []
    for lane in lanes:
        events = [
            event
            for request in lane
            for event in request
            if event.delivery in unsettled or chance.random() < REPLAYED
        ]
        replayed.append([events[at : at + BATCH] for at in range(0, len(events), BATCH)])
    return replayed


def _unsettled(sandbox: Sandbox) -> set[str]:
    """Give the deliveries that the ledger has neither as delivered nor as parked."""
    return {
        item["id"]["S"].removeprefix("delivery#")
        for item in sandbox.ledger()
        if item["id"]["S"].startswith("delivery#")
        and item["state"]["S"] not in {"delivered", "parked"}
    }
