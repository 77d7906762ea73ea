"""The circuit breaker: in an outage few calls are made, instead of one for each event.

This object counts the failures of its own environment. The shared record says whether the breaker
is open, and every environment reads it every two seconds. So an outage costs (threshold × running
environments) calls, then one probe at a time. While all calls succeed, nothing is written. When the
record can't be read, calls go on: the promise does not depend on the breaker.

A rate limit is not an outage. Ingest then stores new events for a while; redrive, which has a pace
of its own, goes on with the queue.
"""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook.rehook.reply import Reply, ReplyClass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from segment_rehook.delivery.ports import BreakerStore, Clock, Randomness, Telemetry

# Seconds.
LOOK_EVERY = 2.0
FIRST_PAUSE, MAX_PAUSE = 5.0, 60.0
MAX_PROBE = 40.0  # after so long without an outcome, another environment may probe
THROTTLED_HOLD = 5.0

ALIVE = frozenset({ReplyClass.DELIVERED, ReplyClass.REJECTED})


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a call may be made; if not, for how many seconds (`wait`), and why (`reason`).

    `probe`: if this call is to find out whether Rehook is back, the record that says so.
    """

    allowed: bool
    wait: float = 0.0
    reason: str = ""
    probe: BreakerRecord | None = None


ALLOWED = Permit(allowed=True)
NOTHING_TO_GIVE_BACK = nullcontext(ALLOWED)


class Breaker:
    """One environment's view of the breaker. Thread-safe.

    `threshold`: how many calls in a row must fail. `heeds_throttling`: whether a hold for a rate
    limit stops this environment (ingest) or not (redrive).
    """

    def __init__(
        self,
        store: BreakerStore,
        clock: Clock,
        randomness: Randomness,
        telemetry: Telemetry,
        *,
        threshold: int,
        heeds_throttling: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._telemetry = telemetry
        self._threshold = threshold
        self._heeds_throttling = heeds_throttling
        self._lock = threading.Lock()
        self._seen: BreakerRecord | None = None
        self._looked_at = -math.inf
        self._failures = 0
        self._probing: BreakerRecord | None = None

    def permit(self) -> AbstractContextManager[Permit]:
        """Ask whether a call may be made now. Tell the reply to `heard` within the block.

        A probe that the block did not use is given back when the block ends, also by an error. The
        next one that asks, here or in another environment, gets it.
        """
        with self._lock:
            permit = self._decide()
        return NOTHING_TO_GIVE_BACK if permit is ALLOWED else self._given(permit)

    @contextmanager
    def _given(self, permit: Permit) -> Iterator[Permit]:
        try:
            yield permit
        finally:
            if permit.probe is not None:
                self._give_back(permit.probe)

    @property
    def is_open(self) -> bool:
        """Whether the breaker was open when the record was seen last. A rate limit's hold is not.

        It counts as open from the failure that opened it to the reply that closes it.
        """
        seen = self._seen
        return seen is not None and seen.open_until > 0 and seen.reason != ReplyClass.THROTTLED

    def heard(self, permit: Permit, reply: Reply) -> None:
        """Take the reply to the call that `permit` allowed."""
        with self._lock:
            if reply.kind in ALIVE:
                self._failures = 0
                if self._probing is not None:
                    self._write(BreakerRecord(nonce=self._randomness.nonce(), open_until=0.0))
                    self._telemetry.warn("breaker closed")
            elif reply.kind is ReplyClass.THROTTLED:
                self._hold(reply)
            else:
                self._failures += 1
                # A call that began before the breaker opened does not decide for the probe.
                probed = permit.probe is not None and permit.probe is self._probing
                at_once = probed or reply.kind is ReplyClass.CREDENTIALS
                if at_once or self._failures >= self._threshold:
                    self._trip(reply)

    def _decide(self) -> Permit:
        record = self._look()
        if record is None or record.open_until == 0:
            return ALLOWED
        now = self._clock.now()
        if record.reason == ReplyClass.THROTTLED:
            wait = record.open_until - now if self._heeds_throttling else 0.0
            return _refused(wait, record) if wait > 0 else ALLOWED
        busy_until = max(record.open_until, record.probing_until)
        if now < busy_until:
            return _refused(busy_until - now, record)
        return self._probe(record, now)

    def _give_back(self, probe: BreakerRecord) -> None:
        with self._lock:
            if self._probing is probe:
                self._write(replace(probe, nonce=self._randomness.nonce(), probing_until=0.0))

    def _look(self) -> BreakerRecord | None:
        now = self._clock.monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            try:
                self._seen = self._store.read()
            except LedgerUnavailable:
                self._seen = None
        return self._seen

    def _probe(self, record: BreakerRecord, now: float) -> Permit:
        probing = BreakerRecord(
            nonce=self._randomness.nonce(),
            open_until=record.open_until,
            probing_until=now + MAX_PROBE,
            trips=record.trips,
            reason=record.reason,
        )
        if self._write(probing):
            self._probing = probing
            return Permit(allowed=True, probe=probing)
        return _refused(LOOK_EVERY, record)

    def _hold(self, reply: Reply) -> None:
        """Make ingest's environments leave the limit to redrive for a while."""
        now = self._clock.now()
        if self._probing is None and self._seen is not None and now < self._seen.open_until:
            return
        hold = max(reply.retry_after or 0.0, THROTTLED_HOLD)
        self._failures = 0
        self._write(
            BreakerRecord(
                nonce=self._randomness.nonce(),
                open_until=now + min(hold, MAX_PAUSE),
                reason=ReplyClass.THROTTLED,
            )
        )

    def _trip(self, reply: Reply) -> None:
        trips = (self._probing.trips if self._probing else 0) + 1
        pause = max(min(FIRST_PAUSE * 2 ** (trips - 1), MAX_PAUSE), reply.retry_after or 0.0)
        opened = BreakerRecord(
            nonce=self._randomness.nonce(),
            open_until=self._clock.now() + pause,
            trips=trips,
            reason=reply.kind,
        )
        self._failures = 0
        if self._write(opened):
            self._telemetry.warn(
                "breaker open", reason=str(reply.kind), code=reply.code, seconds=pause
            )
            self._telemetry.count("BreakerOpened")

    def _write(self, record: BreakerRecord) -> bool:
        """Replace the record that was seen. If another one was quicker, its record is read next."""
        self._probing = None
        try:
            won = self._store.swap(record, self._seen)
        except LedgerUnavailable:
            return False
        if won:
            self._seen = record
        else:
            self._looked_at = -math.inf
        return won


def _refused(wait: float, record: BreakerRecord) -> Permit:
    return Permit(allowed=False, wait=wait, reason=record.reason)
