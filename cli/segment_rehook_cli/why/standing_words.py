"""The words for where a delivery stands. They go on after "it ", and say only what is known."""

from __future__ import annotations

from collections.abc import Sequence

from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.outcomes import Dropped, Outcome, Stored
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.settling import DISCARDED
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.time_window import iso_time, utc_time
from segment_rehook_cli.stack.keeping import (
    DEAD_LETTER_DAYS,
    PARKED_DAYS,
    SEGMENT_RETRY_SECONDS,
    Keeping,
)
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why.delivery_facts import DeliveryFacts, Sighting
from segment_rehook_cli.why.history import Conclusion, Standing
from segment_rehook_cli.why.reason_text import reason_text

__all__ = ["Words"]


class Words:
    """Puts one delivery's standing into words. `now`: in seconds of Unix time."""

    def __init__(self, facts: DeliveryFacts, now: float, keeping: Keeping) -> None:
        self._facts = facts
        self._record = facts.record
        self._now = now
        self._keeping = keeping

    def delivered(self, taken: Sequence[LoggedOutcome]) -> Conclusion:
        """Rehook has it. `taken`: the lines that say so, oldest first; empty: the ledger does."""
        record = self._record
        if not taken:
            at, request_id = self._written_at, record.request_id if record else None
            words = f"was delivered to Rehook at about {utc_time(at)}{_id(request_id)}"
            if self._facts.lines and ids.has_business_key(self._facts.delivery):
                # The lines are of repetitions: an event with the same business key was delivered.
                came = utc_time(self._facts.lines[-1].at)
                words = (
                    f"came at {came} as a repetition: an event with the same order's key {words}"
                )
            return self._made(Standing.DELIVERED, words, at, request_id=request_id)
        line = taken[-1]
        words = f"was delivered to Rehook at {utc_time(line.at)}"
        if line.service == "redrive" and line.tries:
            words += f", at try {line.tries} from the queue"
        words += _id(line.rehook_request_id)
        if taken[:-1]:
            words += f"; Rehook had taken it before, at {_listed(taken[:-1])}"
        recorded = record is not None and record.state is State.DELIVERED
        if not recorded and line.at + self._keeping.ledger_days * DAY > self._now:
            words += "; the ledger has not recorded this, so a repetition may be delivered again"
        return self._made(Standing.DELIVERED, words, line.at, request_id=line.rehook_request_id)

    def repeated(self, line: LoggedOutcome) -> Conclusion:
        """All that is known is that it came again."""
        standing = {
            str(Outcome.DELIVERED): Standing.DELIVERED,
            str(Outcome.PARKED): Standing.PARKED,
        }.get(line.reason or "", Standing.UNKNOWN)
        why = reason_text(line.outcome, line.reason)
        words = f"came again at {utc_time(line.at)}: {why}, earlier than the log that was read"
        return self._made(standing, words, line.at)

    def waiting(self, line: LoggedOutcome | None) -> Conclusion:
        """It is in the dead-letter queue. `line`: the last one that says why."""
        since = line.stored_at if line else self._written_at
        if line and since + DEAD_LETTER_DAYS * DAY < self._now:
            words = (
                f"waited since {utc_time(since)} and was not delivered; SQS has deleted its "
                f"message after {DEAD_LETTER_DAYS} days"
            )
            return self._made(Standing.GONE, words, since)
        return self._waiting(f"waits since {utc_time(since)}", since, line)

    def waiting_again(self, line: LoggedOutcome) -> Conclusion:
        """It is parked, and later a message of it was in the dead-letter queue."""
        begins = (
            "was given up, and a message of it has been in the dead-letter queue since "
            f"{utc_time(line.stored_at)} (sent back, or another copy): it waits"
        )
        return self._waiting(begins, line.stored_at, line)

    def _waiting(self, begins: str, since: float, line: LoggedOutcome | None) -> Conclusion:
        reason, next_try = (line.reason, line.next_try_at) if line else (None, None)
        why = (
            reason_text(Outcome.STORED, reason)
            if line
            else "the log that was read does not say why"
        )
        words = f"{begins}: {why}; {self._next_try(reason, next_try)}"
        if self._record is not None and self._record.doubtful and reason != Stored.UNKNOWN:
            words += "; an earlier call had no complete answer, so Rehook may have acted on it"
        return self._made(Standing.WAITING, words, since, next_try=next_try)

    def _next_try(self, reason: str | None, next_try: float | None) -> str:
        if reason == Stored.PAUSED:
            return "it is tried again when an operator has switched deliveries on"
        if next_try is None:
            return "it is tried again by itself"
        if next_try <= self._now:
            return f"the next try is due since {utc_time(next_try)}"
        return f"the next try is at {utc_time(next_try)}"

    def seen_waiting(self, seen: Sighting) -> Conclusion:
        """Its message is in the dead-letter queue, where record and log do not expect it."""
        came = "was given up and sent back" if seen.was_parked else "is in the dead-letter queue"
        words = f"{came} at {utc_time(seen.sent_at)}: it waits for its turn"
        return self._made(Standing.WAITING, words, seen.sent_at)

    def parked(self, line: LoggedOutcome | None) -> Conclusion:
        """It was given up. `line`: the last one that says so."""
        record = self._record
        recorded = record is not None and record.state is State.PARKED
        if record is not None and recorded and record.reason == DISCARDED:
            return self.discarded()
        reason = line.reason if line else record.reason if record and recorded else None
        at = line.at if line else self._written_at
        request_id = line.rehook_request_id if line else None
        about = "" if line else "about "
        words = f"was given up at {about}{utc_time(at)}: {reason_text(Outcome.PARKED, reason)}"
        if line and line.code:
            words += f" ({line.code})"
        if request_id:
            words += _id(request_id)
        standing, where = self._parking(at + PARKED_DAYS * DAY)
        return self._made(standing, f"{words}; {where}", at, request_id=request_id)

    def discarded(self) -> Conclusion:
        """An operator has discarded it while it waited: the record says so."""
        at = self._written_at
        words = f"was discarded by an operator at about {utc_time(at)}, and is not delivered"
        return self._made(Standing.GONE, words, at)

    def _parking(self, ends: float) -> tuple[Standing, str]:
        """Say where a parked message is. `ends`: when SQS deletes it."""
        if any(each.queue is QueueName.PARKED for each in self._facts.sightings):
            return Standing.PARKED, f"it is in the parking lot until {utc_time(ends)}"
        if ends < self._now:
            deleted = f"SQS has deleted it at {utc_time(ends)}"
            return Standing.GONE, f"{deleted}, unless somebody had sent it back before"
        if self._facts.looked:
            why = "somebody has deleted it, or has just sent it back"
            return Standing.GONE, f"it is no longer in the parking lot: {why}"
        unless = "unless somebody has sent it back or deleted it"
        return Standing.PARKED, f"it is in the parking lot until {utc_time(ends)}, {unless}"

    def seen_parked(self, seen: Sighting) -> Conclusion:
        """Its message is in the parking lot, where record and log do not expect it."""
        outcome = Outcome.PARKED if seen.was_parked else Outcome.STORED
        words = f"was given up at {utc_time(seen.sent_at)}: {reason_text(outcome, seen.reason)}"
        if not seen.was_parked:
            words += "; SQS has moved it to the parking lot, after too many tries"
        return self._made(Standing.PARKED, words, seen.sent_at)

    def not_stored(self, line: LoggedOutcome | None) -> Conclusion:
        """It was neither delivered nor kept. `line`: the one that says so."""
        at = line.at if line else self._written_at
        about = "" if line else "about "
        why = f" ({reason_text(Outcome.FAILED, line.reason)})" if line and line.reason else ""
        ends = at + SEGMENT_RETRY_SECONDS
        then = (
            f"Segment sends it again until {utc_time(ends)}"
            if self._now < ends
            else "Segment's retries have ended without it, so have it replayed"
        )
        words = (
            f"could be neither delivered nor stored at {about}{utc_time(at)}{why}: Segment was "
            f"answered 503; {then}"
        )
        return self._made(Standing.NOT_STORED, words, at)

    def dropped(self, line: LoggedOutcome) -> Conclusion:
        """A rule said that it is not sent."""
        words = f"was dropped at {utc_time(line.at)}: {reason_text(Outcome.DROPPED, line.reason)}"
        return self._made(Standing.DROPPED, words, line.at)

    def before_cutover(self) -> Conclusion:
        """It was discarded as the hosted destination's: the record says so."""
        at, text = self._written_at, reason_text(Outcome.DROPPED, Dropped.BEFORE_CUTOVER)
        return self._made(Standing.DROPPED, f"was dropped at about {utc_time(at)}: {text}", at)

    def claimed(self, since: float) -> Conclusion:
        """It is being delivered."""
        words = f"is being delivered now, since {utc_time(since)}"
        return self._made(Standing.CLAIMED, words, since)

    def died(self, since: float) -> Conclusion:
        """A function ended during its delivery, and nobody has taken over yet."""
        in_queue = self._record is not None and self._record.in_queue
        then = (
            "it is tried again, or parked, from the queue"
            if in_queue
            else "Segment sends it again within four hours; else look the user up in Rehook"
        )
        words = (
            f"was being delivered at {utc_time(since)} when the function ended without a result: "
            f"Rehook may have acted on it; {then}"
        )
        return self._made(Standing.UNKNOWN, words, since)

    def unclear(self, line: LoggedOutcome | None) -> Conclusion:
        """Sources tell something that this version does not know."""
        if line is None:
            return self._made(Standing.UNKNOWN, "has left no line in the log", None)
        words = f"has the outcome `{line.outcome}` since {utc_time(line.at)}"
        return self._made(Standing.UNKNOWN, words, line.at)

    @property
    def _written_at(self) -> float:
        return self._keeping.written_at(self._record) if self._record else self._now

    def _made(
        self,
        standing: Standing,
        words: str,
        at: float | None,
        *,
        request_id: str | None = None,
        next_try: float | None = None,
    ) -> Conclusion:
        return Conclusion(
            standing=standing,
            words=words,
            delivery=self._facts.delivery,
            subscription=self._facts.subscription,
            at=None if at is None else iso_time(at),
            rehook_request_id=request_id,
            next_try_at=None if next_try is None else iso_time(next_try),
        )


def _id(request_id: str | None) -> str:
    if request_id is None:
        return "; Rehook gave no request id"
    return f"; Rehook's request id is {request_id}"


def _listed(lines: Sequence[LoggedOutcome]) -> str:
    return ", ".join(utc_time(each.at) for each in lines)
