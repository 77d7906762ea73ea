"""The promise as a machine that Hypothesis drives: any order of events, faults and interruptions.

It runs the real code, from the webhook request to the parking lot, on fakes. `Processes` checks
what must hold at each call of Rehook; `History` checks each answer, and the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.segment.event_time import time_text
from tests.faults import choices
from tests.faults.history import History, SentRequest
from tests.faults.process import Interrupt, Process, Processes, Step, Violated, die
from tests.unit.delivery.samples import identify, order, track
from tests.unit.delivery.world import IngestEnvironment, InTurn, World
from tools.fakes import rehook
from tools.fakes.faults import Fate


class Promise(RuleBasedStateMachine):
    """Rules for what Segment sends, for what AWS and operators do, and for what goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[bytes, str] = {}
        self.sent: list[SentRequest] = []
        self.number = 0
        self.armed: dict[Step, Interrupt] = {}

    @initialize(
        policy=st.sampled_from(["retry", "park"]),
        ordered=st.sampled_from([True, True, False]),
        workers=st.sampled_from([1, 2, 4]),
        threshold=st.sampled_from([1, 5, 5]),
        beside_hosted=st.sampled_from([False, False, True]),
    )
    def settings(
        self, policy: str, ordered: bool, workers: int, threshold: int, beside_hosted: bool
    ) -> None:
        """Begin with a stack of these settings.

        `beside_hosted`: it is paused beside the hosted destination, until there is a cut-over.
        """
        self.world = World(
            policy=policy,
            ordered=ordered,
            workers=workers,
            threshold=threshold,
            threads=lambda _workers: InTurn(),
        )
        self.beside_hosted = beside_hosted
        self.world.store_secrets(mode="pause" if beside_hosted else "deliver")
        self.processes = Processes(self.world, self.named)
        self.history = History(self.world, self.named)
        self.ingests = [self.world.ingest() for _ in range(2)]
        self.redrives = [self.world.redrive() for _ in range(2)]

    # What Segment does.

    @rule(
        chosen=choices.events, batch=st.booleans(), turns=choices.answers, trouble=choices.troubles
    )
    def segment_sends(
        self,
        chosen: list[tuple[str, str]],
        batch: bool,
        turns: list[rehook.Turn],
        trouble: list[choices.Trouble],
    ) -> None:
        """Segment sends new events, alone or in a batch."""
        self.world.rehook.script.extend(turns)
        self._arm(trouble)
        made = [self._event(kind, user) for kind, user in chosen]
        alone = [SentRequest([each], batch=False) for each in made]
        requests = [SentRequest(made, batch=True)] if batch else alone
        self.sent += requests
        for request in requests:
            self._attempt(request)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 30), batch=st.booleans(), trouble=choices.troubles)
    def segment_duplicates(self, which: int, batch: bool, trouble: list[choices.Trouble]) -> None:
        """Segment sends an event once more, in a request of its own."""
        self._arm(trouble)
        old = self.sent[which % len(self.sent)]
        copy = SentRequest([old.events[which % len(old.events)]], batch=batch)
        self.sent.append(copy)
        self._attempt(copy)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 30), turns=choices.answers, trouble=choices.troubles)
    def segment_replays_it_mended(
        self, which: int, turns: list[rehook.Turn], trouble: list[choices.Trouble]
    ) -> None:
        """Segment sends an event that was sent before, with the same id and other properties."""
        self.world.rehook.script.extend(turns)
        self._arm(trouble)
        old = self.sent[which % len(self.sent)]
        event = old.events[which % len(old.events)]
        payload = "traits" if event["type"] == "identify" else "properties"
        self.number += 1
        mended = {**event, payload: {**event[payload], "mended": self.number}}
        self.history.mended(mended)
        request = SentRequest([mended], batch=False)
        self.sent.append(request)
        self._attempt(request)

    @precondition(lambda self: any(not each.answered for each in self.sent))
    @rule(which=st.integers(0, 30), trouble=choices.troubles)
    def segment_retries(self, which: int, trouble: list[choices.Trouble]) -> None:
        """Segment repeats a request that was answered 503, or not at all."""
        self._arm(trouble)
        unanswered = [each for each in self.sent if not each.answered]
        self._attempt(unanswered[which % len(unanswered)])

    @rule(
        chosen=choices.events,
        turns=choices.answers,
        step=choices.named,
        span=st.sampled_from([10.0, 40.0, 40.0]),
        trouble=choices.troubles,
    )
    def a_function_dies_and_segment_retries(
        self,
        chosen: list[tuple[str, str]],
        turns: list[rehook.Turn],
        step: Step,
        span: float,
        trouble: list[choices.Trouble],
    ) -> None:
        """A function dies within a batch, and Segment repeats it, mostly after the leases."""
        self.world.rehook.script.extend(turns)
        self.armed[step] = die
        request = SentRequest([self._event(kind, user) for kind, user in chosen], batch=True)
        self.sent.append(request)
        self._attempt(request)
        self.world.clock.advance(span)
        if not request.answered:
            self._arm(trouble)
            self._attempt(request)

    # What AWS and the operator do.

    @rule(turns=choices.answers, trouble=choices.troubles)
    def redrive_runs(self, turns: list[rehook.Turn], trouble: list[choices.Trouble]) -> None:
        """The event source hands the visible messages to redrive."""
        self.world.rehook.script.extend(turns)
        self._arm(trouble)
        self._poll()

    @rule(span=st.sampled_from(choices.SPANS))
    def time_passes(self, span: float) -> None:
        """Time passes, and nothing else happens."""
        self.world.clock.advance(span)

    @rule(seconds=st.sampled_from([-4.0, 4.0]))
    def clock_is_corrected(self, seconds: float) -> None:
        """The clock jumps, by less than the margin that leases have for it."""
        self.world.clock.jump(seconds)

    @rule(most=st.integers(1, 3))
    def operator_redrives(self, most: int) -> None:
        """An operator lets SQS move messages from the parking lot to the dead-letter queue."""
        self.history.moved(self.world.lot.stored()[:most])
        self.world.lot.move_to(self.world.dead, most)

    @precondition(lambda self: self.history.cutover is None)
    @rule(ago=st.sampled_from([0.0, 5.0, 100.0]), trouble=choices.troubles)
    def operator_cuts_over(self, ago: float, trouble: list[choices.Trouble]) -> None:
        """An operator cuts over as docs/cut-over.md says, at a time that is `ago` seconds past."""
        self.world.store_secrets(mode="pause")
        self.world.clock.advance(61.0)
        self._cut_over(self.world.clock.now() - ago)
        self.world.clock.advance(61.0)
        self.world.store_secrets(mode="deliver")
        self.beside_hosted = False
        self._arm(trouble)
        self._poll()

    def _cut_over(self, at: float) -> None:
        self.world.store_secrets(cutover=at)
        self.history.cutover = at
        if self.beside_hosted:
            self.processes.hosted = self.history.belongs_to_hosted

    @precondition(lambda self: not self.beside_hosted)
    @rule(mode=st.sampled_from(["deliver", "pause", "deliver"]))
    def operator_sets_the_mode(self, mode: str) -> None:
        """An operator sets the mode; each environment sees it when it reads its secrets again."""
        self.world.store_secrets(mode=mode)

    @rule(key=st.sampled_from(["key-1", "key-2"]), good=st.sampled_from([True, False, None]))
    def the_key_pair_changes(self, key: str, good: bool | None) -> None:
        """The key pair changes, and from then on check-auth answers `good`."""
        self.world.store_secrets(api_key=key)
        self.world.rehook.credentials = good

    @rule(which=st.sampled_from(["ingest", "redrive"]))
    def an_environment_is_replaced(self, which: str) -> None:
        """Lambda starts a new environment, without cached secrets or a view of the breaker."""
        self._replace(self.ingests[0] if which == "ingest" else None)

    # What goes wrong.

    @rule(turns=st.lists(st.sampled_from(choices.TURNS), min_size=1, max_size=4))
    def rehook_will_answer(self, turns: list[rehook.Turn]) -> None:
        """Rehook will give these answers to its next calls."""
        self.world.rehook.script.extend(turns)

    @rule(
        operation=st.sampled_from(choices.OPERATIONS),
        fate=st.sampled_from(list(Fate)),
        times=st.sampled_from([1, 1, 2, 3]),
    )
    def a_store_will_fail(self, operation: str, fate: Fate, times: int) -> None:
        """The next calls of this operation will fail."""
        self._faults(operation).order(fate, operation=operation, times=times)

    @rule(
        what=st.sampled_from(["table", "queues", "ssm"]), down=st.sampled_from([True, False, False])
    )
    def a_store_goes_down_or_comes_up(self, what: str, down: bool) -> None:
        """A store fails as a whole, or works again."""
        getattr(self.world, what).down = down

    @rule(every=st.sampled_from([0, 2, 3]))
    def queues_refuse_entries(self, every: int) -> None:
        """SQS refuses each second or third entry, or none."""
        for queue in (self.world.dead, self.world.lot):
            queue.refuse = choices.every_nth(every)
        self.world.dead.refuse_visibility = choices.every_nth(every)

    def _arm(self, trouble: Sequence[choices.Trouble]) -> None:
        """Set what will happen to the next process, and at which of its steps."""
        for step, what in trouble:
            if what == "die":
                self.armed[step] = die
            elif isinstance(what, Fate):
                self.armed[step] = self._failing(what)
            elif isinstance(what, float):
                self.armed[step] = self._standing_still(what, "")
            else:
                when, _, then = what.rpartition(" ")
                self.armed[step] = self._standing_still(choices.LATENESS[when], then)

    def _failing(self, fate: Fate) -> Interrupt:
        """Let the call that the process is at fail."""

        def fail(_process: Process, operation: str) -> None:
            if operation == "marks.put":
                self.history.unmarked()
            if not operation.startswith("rehook"):
                self._faults(operation).order(fate, operation=operation)

        return fail

    def _standing_still(self, span: float, what: str) -> Interrupt:
        """Let time pass, and another invocation run from beginning to end."""

        def interrupt(_process: Process, operation: str) -> None:
            if operation == "rehook.call":
                return  # a real call ends at its deadline, and the fake's does not
            self.world.clock.advance(span)
            if what:
                self.history.unmarked()
            if what == "poll":
                self._poll()
            elif what == "duplicate" and self.sent:
                under_way = [each for each in self.sent if each.busy] or self.sent[-1:]
                self._attempt(SentRequest(list(under_way[0].events), batch=under_way[0].batch))
            elif what == "new":
                request = SentRequest([self._event("track", choices.USERS[0])], batch=False)
                self.sent.append(request)
                self._attempt(request)

        return interrupt

    def teardown(self) -> None:
        """End all faults, answer all requests, empty the queue, and check the history."""
        world = self.world
        for faults in (world.table, world.queues, world.ssm):
            faults.forget()
        self.armed = {}
        world.rehook.script.clear()
        world.rehook.credentials = True
        self.queues_refuse_entries(0)
        if self.beside_hosted:
            self._cut_over(world.clock.now())
        world.clock.advance(61.0)
        world.store_secrets(mode="deliver")
        world.clock.advance(61.0)
        for request in self.sent:
            for _ in range(3):
                if not request.answered:
                    self._attempt(request)
            if not request.answered:
                raise Violated("no answer of 200, although nothing fails any more")
        self._drain()
        self.history.close(self.sent_events())
        # Then the operator sends back all that was parked, and Rehook takes it.
        self.history.moved(world.lot.stored())
        world.lot.move_to(world.dead)
        self._drain()
        self.history.close_for_good(self.sent_events())

    def sent_events(self) -> list[dict[str, Any]]:
        """Give every event; each was answered 200 in the end."""
        return [event for request in self.sent for event in request.events]

    def _event(self, kind: str, user: str) -> dict[str, Any]:
        self.number += 1
        name = f"m{self.number}"
        if kind == "identify":
            event = identify(name, user)
        elif kind == "order":
            event = order(name, f"{user}-{self.number // 3}", user)
        else:
            event = track(name, user)
        event["receivedAt"] = time_text(self.world.clock.now())
        self.history.expect(event)
        return event

    def _attempt(self, request: SentRequest) -> None:
        if request.busy:
            return
        environment = self.ingests[request.tries % 2] if not self.processes.running else None
        first = request.tries == 0
        request.tries += 1
        request.busy = True
        answers: list[HttpAnswer] = []
        process = self._process("ingest")
        self.history.begins(request.events, first=first)
        with self.processes.run(process):
            environment_ = environment or self.world.ingest()
            answers.append(self.world.post(*request.events, on=environment_, batch=request.batch))
        request.busy = False
        self.history.ends(request.events)
        if process.dead:
            self._replace(environment)
        for answer in answers:
            if answer.status == 200:
                request.answered = True
                unanswered = [
                    event for each in self.sent if not each.answered for event in each.events
                ]
                self.history.accepted(request.events, answer, unanswered)

    def _poll(self) -> None:
        environment = self.redrives[0] if not self.processes.running else self.world.redrive()
        process = self._process("redrive")
        with self.processes.run(process):
            self.world.poll(environment)
        if process.dead:
            self._replace(None)

    def _process(self, name: str) -> Process:
        """Give the next process. One that runs within another is not interrupted itself."""
        armed, self.armed = self.armed, {}
        return Process(name, armed if not self.processes.running else {})

    def _replace(self, environment: IngestEnvironment | None) -> None:
        if environment is not None:
            others = [each for each in self.ingests if each is not environment]
            self.ingests = [*others, self.world.ingest()]
        self.redrives = [*self.redrives[1:], self.world.redrive()]

    def _drain(self) -> None:
        for _ in range(300):
            wait = self.world.dead.next_visible()
            if wait is None:
                return
            self.world.clock.advance(wait)
            self._poll()
        raise Violated(f"the queue did not become empty: {self.world.dead.stored()}")

    def _faults(self, operation: str) -> Any:
        if operation.startswith(("dead", "parking")):
            return self.world.queues
        return self.world.ssm if operation.startswith("secrets") else self.world.table
