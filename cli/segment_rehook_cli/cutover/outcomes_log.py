"""What has become of events since the cut-over was set, by the functions' logs.

The log is read by FilterLogEvents from where the last look ended, with an overlap, since CloudWatch
shows a line some seconds after it was logged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from segment_rehook.delivery.outcomes import Dropped, Outcome
from segment_rehook_cli.log.stack_logs import LogsClient
from segment_rehook_cli.stack.stack import Stack

__all__ = ["Discarded", "OutcomesLog"]

OVERLAP_SECONDS: Final = 120.0

_DISCARDED: Final = f'{{ $.reason = "{Dropped.BEFORE_CUTOVER}" }}'
_ENDED: Final = f'{{ $.message = "outcome" && $.outcome != "{Outcome.STORED}" }}'


@dataclass(frozen=True, slots=True)
class Discarded:
    """An event that was discarded, for one subscription. `received_at`: None if it is not known."""

    delivery: str
    message_id: str | None
    subscription: str | None
    received_at: str | None

    def entry(self) -> dict[str, Any]:
        """Give it for a list in JSON."""
        return {
            "message_id": self.message_id,
            "subscription": self.subscription,
            "received_at": self.received_at,
            "delivery": self.delivery,
        }


@dataclass(slots=True)
class OutcomesLog:
    """The outcomes of one stack since a time.

    `discarded`: by the delivery's id, so that a copy or Segment's retry counts once. `redriven`:
    what became of messages of the dead-letter queue, by outcome.
    """

    client: LogsClient
    stack: Stack
    since: float
    discarded: dict[str, Discarded] = field(default_factory=dict)
    redriven: Counter[str] = field(default_factory=Counter)
    _from: dict[str, float] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Read what was logged since the last look. Raises what boto3 raises, and StackUnusable."""
        for line in self._new(self.stack.output("IngestLogGroup"), _DISCARDED):
            self._discard(line)
        for line in self._new(self.stack.output("RedriveLogGroup"), _ENDED):
            self.redriven[str(line.get("outcome"))] += 1
            if line.get("reason") == Dropped.BEFORE_CUTOVER:
                self._discard(line)

    def _discard(self, line: Mapping[str, Any]) -> None:
        delivery = line.get("delivery")
        if isinstance(delivery, str):
            known = (line.get(name) for name in ("message_id", "subscription", "received_at"))
            self.discarded.setdefault(delivery, Discarded(delivery, *known))

    def _new(self, group: str, pattern: str) -> Iterator[Mapping[str, Any]]:
        begin = self._from.get(group, self.since)
        asked: dict[str, Any] = {
            "logGroupName": group,
            "filterPattern": pattern,
            "startTime": int(begin * 1_000),
        }
        last = begin
        while True:
            page = self.client.filter_log_events(**asked)
            for event in page.get("events", []):
                last = max(last, event["timestamp"] / 1_000)
                if event["eventId"] in self._seen:
                    continue
                self._seen.add(event["eventId"])
                line = _read(event.get("message", ""))
                if line is not None:
                    yield line
            if not (token := page.get("nextToken")):
                break
            asked["nextToken"] = token
        self._from[group] = max(self.since, last - OVERLAP_SECONDS)


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
