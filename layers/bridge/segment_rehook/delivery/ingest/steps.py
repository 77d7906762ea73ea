"""What is done with a request's lanes, step by step: marks read, claimed, called, settled.

A step takes lanes that no other thread touches meanwhile. A defect of ours in it must lose no
event: the lanes are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery.ledger.claims import Claim, ClaimUnknown
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ingest.attempt import IngestAttempts
    from segment_rehook.delivery.ingest.lane import Lane, Progress
    from segment_rehook.delivery.pacing.breaker import Permit

# Seconds kept back of the budget for the marks and the answer.
RESERVE = 0.4


class Steps:
    """One request's steps. `time_left`: seconds until its answer is due."""

    def __init__(
        self, attempts: IngestAttempts, lanes: Sequence[Lane], time_left: Callable[[], float]
    ) -> None:
        # Deliveries without a result, and the most that one user has: storing them takes time.
        self._left = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)
        self._attempts = attempts
        self._claims = attempts.claims
        self._breaker = attempts.caller.breaker
        self._waiting = attempts.waiting
        self._telemetry = attempts.claims.telemetry
        self._time_left = time_left

    def deliver(self, lane: Lane) -> None:
        """Take the only lane through all its steps, in turn."""
        self.read_marks([lane])
        while lane.open:
            [outcome] = self.claim([lane])
            progress = self.call(lane, outcome) if isinstance(outcome, Claim) else outcome
            if progress is not None:
                self.settle([progress])
                self.advance(lane, progress)

    def advance(self, lane: Lane, progress: Progress) -> None:
        """Take in what came of the lane's next delivery, once its claim is settled."""
        lane.advance(progress)
        self._left -= progress.result is not None

    def read_marks(self, lanes: Sequence[Lane]) -> None:
        """Find out which users have dead letters waiting: their lanes are stored behind those."""
        try:
            if self._reason_to_wait() is None:
                self._waiting.look([lane.user for lane in lanes])
            reason = self._reason_to_wait()
            for lane in lanes:
                lane.store_as = reason or (
                    Stored.USER_WAITING if lane.user in self._waiting else None
                )
        except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event
            self._unexpected(error, lanes)

    def claim(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        """Claim each lane's next delivery, in one call of the ledger.

        Gives the claims that were taken, or what came of a delivery that was not. None: the lane
        was stopped, or it was not tried, since another one probes whether Rehook is back.
        """
        try:
            return self._outcomes(lanes)
        except Exception as error:  # noqa: BLE001 — as in read_marks
            self._unexpected(error, lanes)
            return [None for _ in lanes]

    def call(self, lane: Lane, claim: Claim) -> Progress | None:
        """Make the lane's next delivery; None where the lane was stopped.

        Where it must not be called now, the claim was taken in vain.
        """
        try:
            reason = self._reason_to_wait()
            if reason is None:
                with self._breaker.permit() as permit:
                    if permit.allowed:
                        return self._attempts.call(lane.next, claim, permit, self._time_to_call)
                reason = _refused_as(permit)
            lane.unused, lane.store_as = claim.mine, reason
        except Exception as error:  # noqa: BLE001 — as in read_marks
            self._unexpected(error, [lane])
        return None

    def settle(self, called: Sequence[Progress]) -> None:
        """Write down, in one call of the ledger, how the claims of these ended."""
        try:
            settlements = [each.settlement for each in called if each.settlement]
            if settlements:
                self._claims.settle(*settlements)
        except Exception as error:  # noqa: BLE001 — as in read_marks, and what came of them is known
            self._unexpected(error, ())

    def _outcomes(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        reason = self._reason_to_wait()
        if reason is None and lanes:
            with self._breaker.permit() as permit:
                if permit.probe is not None:
                    return [self._probe(lanes[0], permit), *(None for _ in lanes[1:])]
                if permit.allowed:
                    return self._claims_of(lanes)
                reason = _refused_as(permit)
        for lane in lanes:
            lane.store_as = reason
        return [None for _ in lanes]

    def _claims_of(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        outcomes: list[Claim | Progress | None] = []
        claims = self._claims.claim_all([self._attempts.wanted(lane.next) for lane in lanes])
        for lane, claim in zip(lanes, claims, strict=True):
            if isinstance(claim, ClaimUnknown):
                # It may have landed. A message that names it lets redrive take it over without
                # waiting, and without taking this for a call that may have been made.
                self._waiting.ledger_down = True
                lane.unused, lane.store_as = claim, Stored.LEDGER_UNAVAILABLE
                outcomes.append(None)
            else:
                outcomes.append(claim if claim.mine else self._attempts.found(claim.verdict))
        return outcomes

    def _probe(self, lane: Lane, permit: Permit) -> Progress | None:
        """Make the one call that finds out whether Rehook is back; nothing else is claimed."""
        [outcome] = self._claims_of([lane])
        if not isinstance(outcome, Claim):
            return outcome
        progress = self._attempts.call(lane.next, outcome, permit, self._time_to_call)
        if progress.settlement is not None:
            self._claims.settle(progress.settlement)
        return progress

    def _unexpected(self, error: Exception, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            lane.store_as = Stored.UNEXPECTED
        self._telemetry.warn("unexpected error", error=type(error).__name__)
        self._telemetry.count("UnexpectedErrors")

    def _reason_to_wait(self) -> Stored | None:
        if self._waiting.ledger_down:
            return Stored.LEDGER_UNAVAILABLE
        room = self._time_to_call() >= self._attempts.caller.timeout
        return None if room else Stored.OVER_BUDGET

    def _time_to_call(self) -> float:
        """What is left for calls when storing all the rest is allowed for."""
        storing = self._attempts.dead_letters.seconds_for(self._left, self._longest)
        return self._time_left() - RESERVE - storing


def _refused_as(permit: Permit) -> Stored:
    throttled = permit.reason == ReplyClass.THROTTLED
    return Stored.THROTTLED if throttled else Stored.BREAKER_OPEN
