"""Reads an archive, asks mapping and ledger about each event, and keeps what is to be sent.

Nothing is sent before the whole archive is read, so a file that can't be read stops a command
before it changes anything. Memory does not grow with the archive (`spool`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.planner import Decision, Planner
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.stack_parameters import DELIVER_ALL, Instructions
from segment_rehook.rehook.destination import Destination
from segment_rehook.segment.event import Event
from segment_rehook_cli.archive.again import repetition_of
from segment_rehook_cli.archive.choice import Choice, time_of
from segment_rehook_cli.archive.spool import Spool, SpooledEvent
from segment_rehook_cli.archive.standing import EventStanding, Stood, deliveries_of, stood
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why.ledger_records import LedgerRecords

__all__ = ["ArchivePlan", "Planning"]

PORTION: Final = 100
"""Events for whose deliveries the ledger is asked at once."""

PortionEnd = Callable[[int], None]


@dataclass(slots=True)
class ArchivePlan:
    """What an archive holds. `read`: all events, `taken`: those that the choice takes.

    `standings`, `dropped` (by subscription and reason): of those that are taken. `again`: how many
    delivered ones are to be sent once more; `repeated_before`: how many of them this job has sent;
    `kept_by_business_key`: how many can't be repeated. `too_large`: no request can hold them.
    `unordered`: events without a time, which keep their place in the file. `digest`: of all texts.
    """

    read: int = 0
    taken: int = 0
    standings: Counter[EventStanding] = field(default_factory=Counter)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    again: int = 0
    repeated_before: int = 0
    kept_by_business_key: int = 0
    too_large: int = 0
    unordered: int = 0
    earliest: float | None = None
    latest: float | None = None
    digest: str = ""


@dataclass(slots=True)
class _Planned:
    """One event before the ledger is asked. `first`: whether it is the archive's first such one."""

    number: int
    event: Event
    at: float
    parts: list[Decision]
    first: bool | None


@dataclass(slots=True, kw_only=True)
class Planning:
    """Plans one archive. `now`: in seconds since 1970. `ledger_days`: how long a record is kept.

    `sends`: the standings whose events are kept to be sent. `marker`: of a job that repeats what
    was delivered; then these are kept to be sent, and nothing else. `job_started_at`: its first
    start: what was delivered since then is not repeated. `instructions`: the stack's, as far as
    they drop events.
    """

    destination: Destination
    ledger: LedgerRecords
    choice: Choice
    now: float
    ledger_days: int
    sends: frozenset[EventStanding] = frozenset()
    marker: str | None = None
    job_started_at: float = 0.0
    max_bytes: int = 6_000_000
    instructions: Instructions = DELIVER_ALL
    plan: ArchivePlan = field(default_factory=ArchivePlan)
    _time: float = 0.0

    def run(self, events: Iterable[Event], spool: Spool, portion_end: PortionEnd) -> ArchivePlan:
        """Plan all events. Raises what reading them and asking the ledger raise."""
        digest = hashlib.sha256()
        for portion in _portions(self._chosen(events, digest.update), PORTION):
            planned = [self._planned(number, event, spool) for number, event in portion]
            found = self._records(
                each for one in planned if one.first for each in deliveries_of(one.parts)
            )
            stands = [(one, self._stood(one, found)) for one in planned]
            texts = self._texts(stands, found)
            spool.add(
                SpooledEvent(
                    number=one.number,
                    message_id=one.event.message_id,
                    at=one.at,
                    user=_user(one.parts),
                    standing=each.standing,
                    text=texts.get(one.number),
                )
                for one, each in stands
            )
            portion_end(self.plan.read)
        spool.order()
        self.plan.digest = digest.hexdigest()
        return self.plan

    def _chosen(
        self, events: Iterable[Event], digested: Callable[[bytes], None]
    ) -> Iterator[tuple[int, Event]]:
        for event in events:
            self.plan.read += 1
            digested(event.raw + b"\n")
            if self.choice.takes(event, time_of(event)):
                self.plan.taken += 1
                yield self.plan.read, event

    def _planned(self, number: int, event: Event, spool: Spool) -> _Planned:
        parts = self._decide(event)
        at = time_of(event)
        if at is None:
            self.plan.unordered += 1
            at = self._time
        else:
            self.plan.earliest = min(at, self.plan.earliest or at)
            self.plan.latest = max(at, self.plan.latest or at)
        self._time = at
        firsts = [spool.first_with(each.id, each.content, number) for each in deliveries_of(parts)]
        first: bool | None = True
        if firsts and not any(firsts):
            first = None if None in firsts else False
        return _Planned(number, event, at, parts, first)

    def _decide(self, event: Event) -> list[Decision]:
        # A planner of its own: the planner remembers each delivery, and the spool does that here.
        return Planner(self.destination, self.now, instructions=self.instructions).decisions(event)

    def _records(self, deliveries: Iterable[Delivery]) -> dict[str, Record]:
        wanted = [each.id for each in deliveries]
        return self.ledger.records(wanted) if wanted else {}

    def _stood(self, one: _Planned, found: dict[str, Record]) -> Stood:
        if one.first is None:
            result = Stood(EventStanding.CONFLICT)
        elif not one.first:
            result = Stood(EventStanding.REPEATED)
        else:
            forgotten = one.at < self.now - self.ledger_days * DAY
            result = stood(one.parts, found, self.now, forgotten=forgotten)
        self.plan.standings[result.standing] += 1
        self.plan.dropped.update(result.why)
        return result

    def _texts(
        self, stands: list[tuple[_Planned, Stood]], found: dict[str, Record]
    ) -> dict[int, bytes]:
        """Give the texts that are to be sent, by the events' numbers."""
        if self.marker is None:
            texts = {
                one.number: one.event.raw for one, each in stands if each.standing in self.sends
            }
        else:
            texts = self._repetitions(stands, found, self.marker)
        small = {number: text for number, text in texts.items() if len(text) <= self.max_bytes}
        self.plan.too_large += len(texts) - len(small)
        return small

    def _repetitions(
        self, stands: list[tuple[_Planned, Stood]], found: dict[str, Record], marker: str
    ) -> dict[int, bytes]:
        repeated: dict[int, Event] = {}
        for one, each in stands:
            if each.standing is not EventStanding.DELIVERED or self._delivered_since(one, found):
                continue
            if each.by_business_key:
                self.plan.kept_by_business_key += 1
                continue
            repeated[one.number] = repetition_of(one.event, marker)
        parts = {number: self._decide(event) for number, event in repeated.items()}
        known = self._records(each for some in parts.values() for each in deliveries_of(some))
        texts: dict[int, bytes] = {}
        for number, event in repeated.items():
            stands_now = stood(parts[number], known, self.now, forgotten=False).standing
            if stands_now is EventStanding.NEW:
                texts[number] = event.raw
            else:
                self.plan.repeated_before += 1
        self.plan.again += len(texts)
        return texts

    def _delivered_since(self, one: _Planned, found: dict[str, Record]) -> bool:
        """Whether a delivery was settled after this job's first start, as far as its record tells.

        A record expires LedgerDays after it was written, so that tells when it was.
        """
        return any(
            found[each.id].expires_at - self.ledger_days * DAY > self.job_started_at
            for each in deliveries_of(one.parts)
            if each.id in found
        )


def _user(parts: list[Decision]) -> str | None:
    """Give the user in whose order the event is: that of its first delivery."""
    return next((each.user for each in deliveries_of(parts)), None)


def _portions(events: Iterator[tuple[int, Event]], size: int) -> Iterator[list[tuple[int, Event]]]:
    while portion := list(islice(events, size)):
        yield portion
