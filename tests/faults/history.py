"""The history of a case: what was sent and answered. Checks it against ledger, queues, Rehook."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event import Event
from segment_rehook.segment.event_time import unix_time
from segment_rehook.segment.jsontext import encode
from tests.faults.process import Violated
from tests.unit.delivery.samples import delivery_of
from tests.unit.delivery.world import BUDGET, World, header_of
from tools.fakes.queue import Stored

# Rehook may have given these rewards already: an operator who sends them back accepts that.
MAYBE_REWARDED = {Parked.OUTCOME_UNKNOWN, Parked.CRASHES}


@dataclass(eq=False)
class SentRequest:
    """A request of Segment. `busy`: an attempt at it is under way. `tries`: attempts so far."""

    events: list[dict[str, Any]]
    batch: bool
    answered: bool = False
    busy: bool = False
    tries: int = field(default=0)


@dataclass
class History:
    """What happened in a case. `named`: the delivery of a request to Rehook, by its body."""

    world: World
    named: dict[bytes, str]
    users: dict[str, str] = field(default_factory=dict)
    repeatable: set[str] = field(default_factory=set)
    risked: Counter[str] = field(default_factory=Counter)
    """How often an operator sent back a delivery that Rehook may have rewarded."""
    behind: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """For each delivery: the user's deliveries that were accepted before it was sent first."""
    settled: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """For each user: the deliveries that were accepted, in order."""
    unordered: set[str] = field(default_factory=set)
    """Deliveries whose order is not promised."""
    cutover: float | None = None
    """The time of the cut-over, if there was one."""
    received: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """For each delivery: when Segment received its events."""
    sent_back: set[str] = field(default_factory=set)
    """Deliveries that an operator sent back: they are delivered, whenever they came."""
    open: list[Sequence[Mapping[str, Any]]] = field(default_factory=list)
    """The requests under way. One that runs within another comes after it."""
    _begun: list[tuple[float, Counter[str]]] = field(default_factory=list)
    """When each of them began, and how often the table had failed by then, by operation."""

    def expect(self, event: Mapping[str, Any]) -> None:
        """Note an event that is about to be sent for the first time."""
        parsed = Event.parse(encode(dict(event)))
        (call,) = self.world.destination.plan(parsed, self.world.clock.now())
        assert isinstance(call, Call)
        delivery = delivery_of(event)
        self.named[call.request.body] = delivery
        self.users[delivery] = event["userId"]
        received = unix_time(event["receivedAt"])
        assert received is not None
        self.received[delivery].append(received)
        if call.action == "identifyUser":
            self.repeatable.add(delivery)

    def belongs_to_hosted(self, delivery: str) -> bool:
        """Whether the hosted destination has had all events of this delivery, and we none."""
        if self.cutover is None or delivery in self.sent_back:
            return False
        return max(self.received[delivery]) < self.cutover

    def _may_be_discarded(self, delivery: str) -> bool:
        """Whether the hosted destination has had an event of this delivery."""
        return self.cutover is not None and min(self.received[delivery]) < self.cutover

    def mended(self, event: Mapping[str, Any]) -> None:
        """Note another version of an event that was sent before.

        Its order is not promised, unless Rehook has acted on the event already.
        """
        self.expect(event)
        delivery = delivery_of(event)
        if all(self.named[request.body] != delivery for request in self.world.rehook.books):
            self.unordered.add(delivery)

    def begins(self, events: Sequence[Mapping[str, Any]], *, first: bool) -> None:
        """Note that an attempt at a request begins. `first`: the request's first attempt."""
        self.open.append(events)
        self._begun.append((self.world.clock.monotonic(), self.world.table.failures.copy()))
        for event in events:
            delivery = delivery_of(event)
            if first and delivery not in self.behind:
                self.behind[delivery] = set(self.settled[self.users[delivery]])

    def ends(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Note that an attempt has ended. Without a mark, its events may be overtaken.

        When the table has failed and the answer is overdue, no mark is written.
        """
        self.open.remove(events)
        began, before = self._begun.pop()
        failed = self.world.table.failures - before
        overdue = self.world.clock.monotonic() - began >= BUDGET
        if failed["marks.put"] or (failed and overdue):
            self.unordered.update(delivery_of(event) for event in events)

    def unmarked(self) -> None:
        """Note that requests under way may be overtaken: another began, or a mark is missing."""
        for events in self.open:
            self.unordered.update(delivery_of(event) for event in events)

    def moved(self, messages: Iterable[Stored]) -> None:
        """Note that an operator sends messages back from the parking lot. They lose their place."""
        for message in messages:
            header = header_of(message)
            self.unordered.add(header.delivery)
            self.sent_back.add(header.delivery)
            if header.reason in MAYBE_REWARDED:
                self.risked[header.delivery] += 1

    def accepted(
        self,
        events: Sequence[Mapping[str, Any]],
        answer: HttpAnswer,
        unanswered: Sequence[Mapping[str, Any]],
    ) -> None:
        """Check that each event that was answered 200 is delivered, or in a queue. Raises Violated.

        An event may also be dropped for another version of it that is `unanswered`: Segment sends
        that one again.
        """
        for event in events:
            delivery = delivery_of(event)
            replaced = any(
                delivery_of(other) == delivery and other != event for other in unanswered
            )
            if not self._safe(delivery):
                if replaced or self._may_be_discarded(delivery):
                    continue
                raise Violated(
                    f"200 for {delivery}, which is neither delivered nor in a queue: {answer.body}"
                )
            user = self.users[delivery]
            if delivery not in self.settled[user]:
                self.settled[user].append(delivery)

    def close(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Check, when nothing is under way, that each delivery has one end. Raises Violated."""
        acted = Counter(self.named[request.body] for request in self.world.rehook.books)
        for delivery in {delivery_of(event) for event in events}:
            if not self._discarded(delivery):
                self._ended(delivery, acted[delivery])
        self._check_rewards(acted)
        self._check_order()

    def close_for_good(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Check, after all that was parked was sent back: all is delivered. Raises Violated."""
        acted = Counter(self.named[request.body] for request in self.world.rehook.books)
        missing = {
            delivery
            for delivery in {delivery_of(event) for event in events} - acted.keys()
            if not self._may_be_discarded(delivery)
        }
        if missing:
            raise Violated(f"never delivered: {missing}")
        self._check_rewards(acted)

    def _safe(self, delivery: str) -> bool:
        record = self.world.record(delivery)
        if record is not None and record.state is State.DELIVERED:
            return True
        if any(self.named[request.body] == delivery for request in self.world.rehook.books):
            return True
        rests = [*self.world.dead.stored(), *self.world.lot.stored()]
        return any(header_of(message).delivery == delivery for message in rests)

    def _discarded(self, delivery: str) -> bool:
        """Whether it was discarded at the cut-over. Ingest looks for no record then."""
        if not self._may_be_discarded(delivery):
            return False
        record = self.world.record(delivery)
        return record is None or record.state in {State.RELEASED, State.CLAIMED}

    def _ended(self, delivery: str, acted: int) -> None:
        record = self.world.record(delivery)
        parked = self.world.parked(delivery)
        if record is None:
            raise Violated(f"{delivery} was accepted, and the ledger does not know it")
        if record.state is State.DELIVERED:
            if not acted:
                raise Violated(f"{delivery} is recorded as delivered, and Rehook never acted on it")
        elif record.state is State.PARKED:
            # A send without an answer, repeated after more than five minutes, leaves two messages.
            if not any(header.parked_token == record.parked_token for header in parked):
                raise Violated(f"{delivery} is parked, and no message can open it")
        elif record.state is State.CLAIMED:
            # Only a fault of the table excuses that its end was not recorded.
            named = [header for header in parked if header.nonce == record.nonce]
            if not (acted or named):
                raise Violated(f"{delivery} is claimed for ever: {record}")
            if not self.world.telemetry.counts["Unsettled"]:
                raise Violated(f"{delivery} is still claimed, and no write of its end failed")
        else:
            raise Violated(f"{delivery} was left as {record.state}")

    def _check_rewards(self, acted: Counter[str]) -> None:
        if self.world.policy != "park":
            return  # a second call needs an unknown outcome, which is checked at each call
        for delivery, times in acted.items():
            if delivery not in self.repeatable and times > 1 + self.risked[delivery]:
                raise Violated(f"{delivery} was given {times} times under `park`")

    def _check_order(self) -> None:
        if not self.world.ordered:
            return
        first: dict[str, int] = {}
        for place, request in enumerate(self.world.rehook.books):
            first.setdefault(self.named[request.body], place)
        for delivery, earlier in self.behind.items():
            for other in earlier - self.unordered:
                if delivery in self.unordered or delivery not in first or other not in first:
                    continue
                if first[delivery] < first[other] and not self._was_parked(other):
                    raise Violated(f"{delivery} overtook {other}, which was accepted before")

    def _was_parked(self, delivery: str) -> bool:
        writes = self.world.ledger.writes
        return any(each.id == delivery and each.state is State.PARKED for each in writes)
