"""A version's report on itself, before it gets traffic. Nothing is stored, claimed or delivered.

The report holds what only the version can tell: whether it starts, reads the stack's secrets and
reaches Rehook with them, and what its destination makes of sample events. The check that compares
the new version with the live one is the function `functions/check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.planner import Planner
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import JSON, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.delivery.ingest.planner import Decision
    from segment_rehook.delivery.ports import Clock, Rehook, SecretStore
    from segment_rehook.rehook.destination import Destination

CALL = "call"
"""What is reported for a sample event that a call to Rehook would be made of."""


@dataclass(frozen=True, slots=True)
class VersionCheck:
    """Makes the report. `timeout`: of the call of check-auth, in seconds."""

    destination: Destination
    secrets: SecretStore
    rehook: Rehook
    clock: Clock
    timeout: float

    def report(self, samples: Sequence[JSON]) -> dict[str, JSON]:
        """Report on this version.

        `mapping`: the version of its destination file, as the log has it.
        `secrets`: None, or why they can't be used. `credentials`: whether Rehook takes the key
        pair, None where nobody knows. `samples`: for each event, what each subscription makes of
        it, by the subscription's id: CALL, or the reason why it makes no call; empty if ignored.
        """
        unusable = self._unusable()
        return {
            "mapping": self.destination.version,
            "subscriptions": [each.id for each in self.destination.subscriptions],
            "secrets": unusable,
            "credentials": None if unusable else self.rehook.credentials_good(timeout=self.timeout),
            "samples": self._plans(samples),
        }

    def _unusable(self) -> str | None:
        try:
            self.secrets.read()
        except SecretsUnavailable as error:
            return str(error)
        return None

    def _plans(self, samples: Sequence[JSON]) -> list[JSON]:
        planner = Planner(self.destination, self.clock.now())
        return [
            {part.subscription or "*": _said(part) for part in planner.decisions(_event(sample))}
            for sample in samples
        ]


def _event(sample: JSON) -> Event | UnreadableEvent:
    try:
        return Event.parse(encode(sample))
    except UnreadableEvent as unreadable:
        return unreadable


def _said(part: Decision) -> JSON:
    if not isinstance(part.decided, Delivery):
        return part.decided.reason
    return CALL if part.decided.request else Parked.MAPPING_ERROR.value
