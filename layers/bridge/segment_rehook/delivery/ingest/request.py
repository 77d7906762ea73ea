"""Makes the deliveries of one webhook request, stores the rest, and gives the result of each.

Different users' deliveries are made side by side, one user's deliveries one after the other. A
delivery that can't be made within the budget, or must wait, is stored in the dead-letter queue. If
it can't be stored either, Segment has to send the request again. A copy in the queue does no harm,
since redrive claims it in the ledger before it calls. So in case of doubt a delivery is stored.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.attempt import IngestAttempts
from segment_rehook.delivery.ingest.lane import Lane
from segment_rehook.delivery.ingest.pipeline import Pipeline
from segment_rehook.delivery.ingest.steps import Steps
from segment_rehook.delivery.ingest.user_marks import WaitingUsers
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.outcomes import Outcome, Result, Stored
from segment_rehook.delivery.queues.sending import UserMessages

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from segment_rehook.delivery.caller import Caller
    from segment_rehook.delivery.ledger.claims import Claims
    from segment_rehook.delivery.ports import UserMarks
    from segment_rehook.delivery.queues.sending import Sender
    from segment_rehook.delivery.queues.transport import Outgoing


@dataclass(slots=True, kw_only=True)
class Ingest:
    """Makes a request's deliveries.

    `ordered`: keep each user's deliveries in order across requests. `workers`: how many users'
    deliveries are made side by side, on threads of `pool`. `grace`: how many seconds after the
    budget storing may go on, so that the answer is late but not 503. `park_unknown`: the
    operator's policy for calls with an unknown outcome.
    """

    claims: Claims
    caller: Caller
    marks: UserMarks
    dead_letters: Sender
    parking_lot: Sender
    ordered: bool
    workers: int
    pool: Executor
    grace: float
    park_unknown: bool

    def run(
        self, deliveries: Iterable[Delivery], until: float, *, paused: bool
    ) -> Mapping[str, Result]:
        """Give the result of each delivery by its id. No two deliveries may have the same id.

        `until`: when the answer is due, in seconds of the monotonic clock. `paused`: store all
        deliveries and make none.
        """
        users: dict[str, list[Delivery]] = {}
        for delivery in deliveries:
            users.setdefault(delivery.user, []).append(delivery)
        lanes = [Lane(user, theirs) for user, theirs in users.items()]

        def time_left() -> float:
            return until - self.claims.clock.monotonic()

        waiting = WaitingUsers(self.marks, self.claims.randomness, time_left, self.ordered)
        if paused:
            for lane in lanes:
                lane.store_as = Stored.PAUSED
        else:
            attempts = IngestAttempts(
                self.claims,
                self.caller,
                waiting,
                self.dead_letters,
                self.parking_lot,
                self.park_unknown,
            )
            steps = Steps(attempts, lanes, time_left)
            if len(lanes) == 1:
                steps.deliver(lanes[0])
            else:
                Pipeline(lanes, steps, self.workers).run(self.pool)
        if any(lane.rest for lane in lanes):
            self._store(lanes, waiting)
        return {
            delivery.id: result
            for lane in lanes
            for delivery, result in zip(lane.deliveries, lane.results, strict=True)
        }

    def _store(self, lanes: Sequence[Lane], waiting: WaitingUsers) -> None:
        """Store the rest of each lane in order, up to a delivery that is too large for a message.

        The user of a lane of which nothing can be stored gets no mark, since no message would clear
        it.
        """
        storable = [
            lane
            for lane in lanes
            if lane.rest and not lane.failed and lane.rest[0].fits_a_message()
        ]
        mark = waiting.mark([lane.user for lane in storable])
        messages = [UserMessages(self._messages(lane, mark)) for lane in storable]
        self.dead_letters.send(messages, lambda: waiting.time_left() + self.grace)
        taken = {lane.user: each.taken for lane, each in zip(storable, messages, strict=True)}
        for lane in lanes:
            sent = taken.get(lane.user, ())
            for number in range(len(lane.rest)):
                outcome = Outcome.STORED if any(sent[number : number + 1]) else Outcome.FAILED
                lane.results.append(Result(outcome, lane.store_as))
        self._settle_unused(lanes, {user for user, sent in taken.items() if sent[0]})

    def _settle_unused(self, lanes: Sequence[Lane], sent: Container[str]) -> None:
        """Settle the unused claims. `sent`: the users whose message SQS has taken."""
        settlements = [
            self.claims.queued(lane.unused)
            if lane.user in sent
            else self.claims.released(lane.unused)
            for lane in lanes
            if isinstance(lane.unused, Record)
        ]
        if settlements:
            self.claims.settle(*settlements)

    def _messages(self, lane: Lane, mark: str) -> list[Outgoing]:
        """Give messages for the rest, up to a delivery that is too large; the last has the mark."""
        reason = lane.store_as or Stored.OVER_BUDGET
        fitting = list(itertools.takewhile(Delivery.fits_a_message, lane.rest))
        letters = []
        for number, delivery in enumerate(fitting, start=1):
            token, nonce = lane.claimed_under if number == 1 else (0, "")
            ends = number == len(fitting)
            letters.append(
                delivery.letter(reason, token=token, nonce=nonce, mark=mark if ends else "")
            )
        return [letter.for_dead_letters(ordered=self.ordered) for letter in letters]
