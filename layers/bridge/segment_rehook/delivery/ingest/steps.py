"""The steps of a request's lanes: read the users' marks, claim, call, settle.

No other thread works on the lanes of a step meanwhile. If a step meets an unexpected error, its
lanes are stored, so that a defect of the bridge loses no event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import Claim, ClaimUnknown
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ingest.attempt import IngestAttempts
    from segment_rehook.delivery.ingest.lane import Lane, Progress
    from segment_rehook.delivery.pacing.breaker import Permit

# Seconds of the budget that are reserved for putting marks and for answering.
RESERVE = 0.4


class Steps:
    """One request's steps. `time_left`: gives the seconds until the answer is due."""

    def __init__(
        self, attempts: IngestAttempts, lanes: Sequence[Lane], time_left: Callable[[], float]
    ) -> None:
        # The number of deliveries without a result, and the length of the longest lane: they tell
        # how much time storing the rest takes.
        self._left = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)
        self._attempts = attempts
        self._claims = attempts.claims
        self._breaker = attempts.caller.breaker
        self._waiting = attempts.waiting
        self._telemetry = attempts.claims.telemetry
        self._time_left = time_left
        self._reserve()

    def deliver(self, lane: Lane) -> None:
        """Do all steps of the request's only lane, one after the other."""
        self.read_marks([lane])
        while lane.open:
            [outcome] = self.claim([lane])
            progress = self.call(lane, outcome) if isinstance(outcome, Claim) else outcome
            if progress is not None:
                self.settle([progress])
                self.advance(lane, progress)

    def advance(self, lane: Lane, progress: Progress) -> None:
        """Take over what came of the lane's next delivery, after its claim is settled."""
        lane.advance(progress)
        if progress.result is not None:
            self._left -= 1
            self._reserve()

    def read_marks(self, lanes: Sequence[Lane]) -> None:
        """Read which users have dead letters waiting. Their lanes are stored behind those."""
        try:
            reason = self._reason_to_wait()
            if reason is None:
                self._waiting.look([lane.user for lane in lanes])
            for lane in lanes:
                lane.store_as = reason or (
                    Stored.USER_WAITING if lane.user in self._waiting else None
                )
        except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event
            self._unexpected(error, lanes)

    def claim(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        """Claim the next delivery of each lane, in one call of the ledger.

        Gives for each lane a claim that was taken, or what came of a delivery that was not claimed
        or that was the breaker's probe. None: the lane is stored from here on (`Lane.store_as`), or
        it was not claimed, because an earlier lane's delivery was the probe or the time was up.
        """
        try:
            return self._outcomes(lanes)
        except Exception as error:  # noqa: BLE001 — as in read_marks
            self._unexpected(error, lanes)
            return [None for _ in lanes]

    def call(self, lane: Lane, claim: Claim) -> Progress | None:
        """Make the lane's next delivery under `claim`. None: the lane is stored from here on.

        If no call may be made any more, the claim is kept as `Lane.unused`.
        """
        try:
            reason = self._reason_to_wait()
            if reason is None:
                with self._breaker.permit() as permit:
                    if permit.allowed:
                        return self._attempts.call(lane.next, claim, permit, self._time_to_call)
                reason = _stored_as(permit)
            lane.store_as = reason
            # A claim that was taken over from a dead claimant is left to run out, so that the next
            # claimant knows that a call may have been made.
            if claim.verdict is Verdict.TAKE:
                lane.unused = claim.mine
        except Exception as error:  # noqa: BLE001 — as in read_marks
            self._unexpected(error, [lane])
        return None

    def settle(self, called: Sequence[Progress]) -> None:
        """Settle the claims of deliveries that were called, in one call of the ledger."""
        try:
            settlements = [each.settlement for each in called if each.settlement]
            if settlements:
                self._claims.settle(*settlements)
        except Exception as error:  # noqa: BLE001 — as in read_marks; the results are known
            self._unexpected(error, ())

    def _outcomes(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        reason = self._reason_to_wait()
        if reason is None and lanes:
            with self._breaker.permit() as permit:
                if permit.probe is not None:
                    return self._probe(lanes, permit)
                if permit.allowed:
                    return self._claims_of(lanes)
                reason = _stored_as(permit)
        for lane in lanes:
            lane.store_as = reason
        return [None for _ in lanes]

    def _claims_of(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        outcomes: list[Claim | Progress | None] = []
        claims = self._claims.claim_all([self._attempts.wanted(lane.next) for lane in lanes])
        for lane, claim in zip(lanes, claims, strict=True):
            if isinstance(claim, ClaimUnknown):
                # The claim may be in the ledger. Redrive takes it over at once if a message names
                # it, since that says that no call was made under it.
                self._waiting.ledger_down = True
                lane.unused, lane.store_as = claim, Stored.LEDGER_UNAVAILABLE
                outcomes.append(None)
            else:
                outcomes.append(claim if claim.mine else self._attempts.found(claim.verdict))
        return outcomes

    def _probe(self, lanes: Sequence[Lane], permit: Permit) -> list[Claim | Progress | None]:
        """Claim the lanes' deliveries one by one until one is taken; call and settle that one.

        Its call finds out whether Rehook is back. A delivery that is not taken needs no call.
        """
        outcomes: list[Claim | Progress | None] = []
        for lane in lanes:
            if self._reason_to_wait() is not None:
                break
            [outcome] = self._claims_of([lane])
            if isinstance(outcome, Claim):
                progress = self._attempts.call(lane.next, outcome, permit, self._time_to_call)
                if progress.settlement is not None:
                    self._claims.settle(progress.settlement)
                outcomes.append(replace(progress, settlement=None))
                break
            outcomes.append(outcome)
        return outcomes + [None] * (len(lanes) - len(outcomes))

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
        """Give how many seconds calls may take, so that the rest can still be stored in time."""
        return self._time_left() - self._reserved

    def _reserve(self) -> None:
        """Reserve the seconds that storing all deliveries without a result takes, and RESERVE."""
        storing = self._attempts.dead_letters.seconds_for(self._left, self._longest)
        self._reserved = RESERVE + storing


def _stored_as(permit: Permit) -> Stored:
    throttled = permit.reason == ReplyClass.THROTTLED
    return Stored.THROTTLED if throttled else Stored.BREAKER_OPEN
