"""Concludes where a delivery stands, from its lines in the log, its record and its messages.

The functions here read no clock and ask no service. Of sources that differ, the first counts:

1. A line or a record that says delivered: Rehook has it, whatever came later.
2. A message that was seen in a queue: an operator, or SQS itself, may have moved it.
3. The record's state, unless the delivery's last line came after it: what is stored behind others,
   and what the ledger could not record, changes no record.
4. The last line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Stored
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.time_window import iso_time, utc_time
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.why.delivery_facts import DeliveryFacts, Sighting
from segment_rehook_cli.why.history import Conclusion, Standing
from segment_rehook_cli.why.reason_text import reason_text
from segment_rehook_cli.why.standing_words import Words

__all__ = ["conclude", "conclude_event"]

INGEST_LEASE, REDRIVE_LEASE = 30.0, 90.0
"""Seconds: docs/protocol.md. A test holds them to the functions'."""

_MAX_IGNORED_CHARACTERS: Final = 300
_CONFLICTS: Final = {(Outcome.DROPPED, Dropped.ID_CONFLICT), (Outcome.PARKED, Parked.ID_CONFLICT)}


def conclude(facts: DeliveryFacts, now: float, keeping: Keeping) -> Conclusion | None:
    """Conclude about one delivery. `now`: in Unix time. None if nothing was found of it."""
    if not facts.lines and facts.record is None and not facts.sightings:
        return None
    conflict = next((each for each in reversed(facts.lines) if _is_conflict(each)), None)
    found = _conclusion(facts, Words(facts, now, keeping), now, keeping)
    if conflict is None or found.at == iso_time(conflict.at):
        return found
    what = "parked" if conflict.outcome == Outcome.PARKED else "dropped"
    other = f"another event with its id came at {utc_time(conflict.at)} and was {what}"
    return replace(found, words=f"{found.words}; {other}")


def conclude_event(lines: Sequence[LoggedOutcome]) -> Conclusion | None:
    """Conclude about an event from its lines that name no delivery, oldest first."""
    if not lines:
        return None
    line = lines[-1]
    ignored = line.outcome == Outcome.IGNORED
    if ignored:
        why = (line.ignored or "the log does not say why")[:_MAX_IGNORED_CHARACTERS]
        words = f"was received at {utc_time(line.at)}, and no subscription takes it ({why})"
    else:
        words = (
            f"was {line.outcome} at {utc_time(line.at)}: {reason_text(line.outcome, line.reason)}"
        )
    return Conclusion(
        standing=Standing.IGNORED if ignored else Standing.DROPPED,
        words=words,
        subscription=line.subscription,
        at=iso_time(line.at),
    )


def _conclusion(facts: DeliveryFacts, words: Words, now: float, keeping: Keeping) -> Conclusion:
    record = facts.record
    taken = [each for each in facts.lines if each.outcome == Outcome.DELIVERED]
    if taken or (record is not None and record.state is State.DELIVERED):
        return words.delivered(taken)
    last = _last_line(facts)
    if (moved := _moved(facts, last, words)) is not None:
        return moved
    if record is None:
        return _by_line(last, words)
    if last is not None and last.at >= _written_at(record, keeping) and not _agrees(last, record):
        claimed = record.state is State.CLAIMED and not record.lease_ran_out(now)
        if not claimed:
            return _after_record(last, record, words)
    match record.state:
        case State.QUEUED:
            return words.waiting(_last_of(facts, Outcome.STORED))
        case State.PARKED:
            return words.parked(_last_of(facts, Outcome.PARKED))
        case State.RELEASED:
            return _released(record, facts, words)
        case _:
            if record.lease_ran_out(now):
                return words.died(_claimed_at(record))
            return words.claimed(_claimed_at(record))


def _released(record: Record, facts: DeliveryFacts, words: Words) -> Conclusion:
    if record.reason == Dropped.BEFORE_CUTOVER:
        return words.before_cutover()
    return words.not_stored(_last_of(facts, Outcome.FAILED))


def _is_conflict(line: LoggedOutcome) -> bool:
    return (line.outcome, line.reason) in _CONFLICTS


def _last_line(facts: DeliveryFacts) -> LoggedOutcome | None:
    """Give the last line that says where the delivery stands; a repetition's only if alone.

    A line about another event of the same id says nothing of this one if there is any other.
    """
    for passing in (_is_repetition_or_conflict, _is_repetition):
        if own := [each for each in facts.lines if not passing(each)]:
            return own[-1]
        if facts.record is not None:
            return None
    return facts.lines[-1] if facts.lines else None


def _is_repetition(line: LoggedOutcome) -> bool:
    return line.outcome == Outcome.DUPLICATE or line.reason == Stored.ALREADY_QUEUED


def _is_repetition_or_conflict(line: LoggedOutcome) -> bool:
    return _is_repetition(line) or _is_conflict(line)


def _last_of(facts: DeliveryFacts, outcome: Outcome) -> LoggedOutcome | None:
    lines = [each for each in facts.lines if each.outcome == outcome and not _is_conflict(each)]
    telling = [each for each in lines if each.reason != Stored.ALREADY_QUEUED]
    return next(reversed(telling or lines), None)


def _claimed_at(record: Record) -> float:
    return record.lease - (REDRIVE_LEASE if record.in_queue else INGEST_LEASE)


def _written_at(record: Record, keeping: Keeping) -> float:
    """When the record got its state. A claim's lease tells it without LedgerDays."""
    return _claimed_at(record) if record.state is State.CLAIMED else keeping.written_at(record)


def _agrees(line: LoggedOutcome, record: Record) -> bool:
    """Whether a line tells what the record says."""
    says = {
        Outcome.STORED: State.QUEUED,
        Outcome.PARKED: State.PARKED,
        Outcome.FAILED: State.RELEASED,
    }
    return any(line.outcome == outcome and record.state is state for outcome, state in says.items())


def _after_record(line: LoggedOutcome, record: Record, words: Words) -> Conclusion:
    """Conclude from a line that is newer than the record, and tells something else."""
    if record.state is State.PARKED and line.outcome == Outcome.STORED:
        return words.waiting_again(line)
    return _by_line(line, words)


def _moved(facts: DeliveryFacts, last: LoggedOutcome | None, words: Words) -> Conclusion | None:
    """Conclude from a message that is not where the record, or the log, expects it."""
    expected = (
        {
            State.PARKED: QueueName.PARKED,
            State.QUEUED: QueueName.WAITING,
        }.get(facts.record.state)
        if facts.record
        else None
    )
    seen: dict[QueueName, Sighting] = {each.queue: each for each in facts.sightings}
    if not seen or expected in seen:
        return None
    if sighting := seen.get(QueueName.PARKED):
        if last is not None and last.outcome == Outcome.PARKED:
            return words.parked(last)
        return words.seen_parked(sighting)
    if expected is None and last is not None and last.outcome == Outcome.STORED:
        return words.waiting(last)
    return words.seen_waiting(seen[QueueName.WAITING])


def _by_line(line: LoggedOutcome | None, words: Words) -> Conclusion:
    if line is None:
        return words.unclear(None)
    match line.outcome:
        case Outcome.STORED:
            return words.waiting(line)
        case Outcome.PARKED:
            return words.parked(line)
        case Outcome.DROPPED:
            return words.dropped(line)
        case Outcome.FAILED:
            return words.not_stored(line)
        case Outcome.DUPLICATE:
            return words.repeated(line)
        case _:
            return words.unclear(line)
