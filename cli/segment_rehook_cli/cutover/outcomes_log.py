"""What has become of events since the cut-over was set, by the functions' logs.

The log is read by FilterLogEvents from where the last look ended, with an overlap, since CloudWatch
shows a line some seconds after it was logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from segment_rehook.delivery.outcomes import Dropped, Outcome
from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.log.stack_logs import LogsClient, log_events
from segment_rehook_cli.stack.stack import Stack

__all__ = ["OutcomesLog"]

OVERLAP_SECONDS: Final = 120.0

_DISCARDED: Final = f'{{ $.reason = "{Dropped.BEFORE_CUTOVER}" }}'
_ENDED: Final = f'{{ $.message = "outcome" && $.outcome != "{Outcome.STORED}" }}'


@dataclass(slots=True)
class OutcomesLog:
    """The outcomes of one stack since a time.

    `discarded`: the first line of each event and subscription, by the delivery's id, so that a copy
    or Segment's retry counts once. `redriven`: what became of messages of the dead-letter queue, by
    outcome.
    """

    client: LogsClient
    stack: Stack
    since: float
    discarded: dict[str, LoggedOutcome] = field(default_factory=dict)
    redriven: Counter[str] = field(default_factory=Counter)
    _from: dict[str, float] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Read what was logged since the last look. Raises what boto3 raises, and StackUnusable."""
        for line in self._new(self.stack.output("IngestLogGroup"), _DISCARDED):
            self._discard(line)
        for line in self._new(self.stack.output("RedriveLogGroup"), _ENDED):
            self.redriven[line.outcome] += 1
            if line.reason == Dropped.BEFORE_CUTOVER:
                self._discard(line)

    def _discard(self, line: LoggedOutcome) -> None:
        if line.delivery is not None:
            self.discarded.setdefault(line.delivery, line)

    def _new(self, group: str, pattern: str) -> Iterator[LoggedOutcome]:
        last = begin = self._from.get(group, self.since)
        for event in log_events(self.client, group, pattern, begin):
            at = event["timestamp"] / 1_000
            last = max(last, at)
            if event["eventId"] in self._seen:
                continue
            self._seen.add(event["eventId"])
            line = read_line(event["message"], at)
            if line is not None:
                yield line
        self._from[group] = max(self.since, last - OVERLAP_SECONDS)
