"""The invariants: what must hold of the evidence, whatever was killed and whatever failed.

A violation is a sentence that names the event. What is excused, and by what, is counted, so that
an excuse that grows is seen.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.faults.load import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.faults.evidence import Evidence
    from tools.faults.journal import Step
    from tools.faults.load import Sent

MAYBE_DONE = frozenset({"outcome_unknown", "crashes"})
"""Reasons for parking what Rehook may have carried out."""
NOT_DONE = frozenset({*range(300, 500), 503}) - {408}
"""Answers that say: not carried out."""


@dataclass(slots=True)
class Audit:
    """What was found. `violations`: by invariant. `fates`: how many units ended in which way."""

    violations: dict[str, list[str]] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether nothing was violated."""
        return not any(self.violations.values())


def audit(evidence: Evidence, *, park: bool) -> Audit:
    """Compare the evidence. `park`: the policy for unknown outcomes was `park`."""
    return _Audit(evidence, park=park).run()


class _Audit:
    def __init__(self, evidence: Evidence, *, park: bool) -> None:
        self._evidence = evidence
        self._park = park
        self._found = Audit()
        self._by_unit: dict[str, list[Sent]] = defaultdict(list)
        for sent in evidence.sent:
            if sent.unit is not None:
                self._by_unit[sent.unit].append(sent)
        self._unknown = _unknown_outcomes(evidence, self._by_unit)

    def run(self) -> Audit:
        checks: dict[str, Callable[[], Iterator[str]]] = {
            "every event is answered for good": self._answered,
            "every event ends in one way, with a reason": self._fates,
            "what Segment was told is true": self._told,
            "no reward twice but for an unknown outcome": self._once,
            "each user's events reach Rehook in order": self._order,
            "nothing is left waiting or claimed": self._left,
            "the ledger agrees with Rehook": self._ledger,
            "the logs say the same, and nothing personal": self._logs,
        }
        self._found.violations = {name: list(check()) for name, check in checks.items()}
        return self._found

    def _answered(self) -> Iterator[str]:
        for status, text in self._evidence.discarded:
            yield f"an answer {status} made Segment give up: {text[:200]}"
        for sent in self._evidence.sent:
            if self._evidence.told[sent.number].at is None:
                yield f"event {sent.number} was never answered 200"

    def _fates(self) -> Iterator[str]:
        for sent in self._evidence.sent:
            if sent.unit is None:
                [fate, *others] = {
                    entry["outcome"] for entry in self._evidence.told[sent.number].events
                }
                self._found.fates[fate] += 1
                if others or fate not in sent.says:
                    yield f"event {sent.number} was {fate} {others}, not {set(sent.says)}"
        parked_only = self._parked_unrecorded()
        for unit, events in self._by_unit.items():
            acted = bool(self._evidence.calls.get(unit))
            reasons = {
                message.attributes["reason"]
                for sent in events
                for message in self._evidence.parked.get(sent.delivery or "", ())
            }
            name = f"parked: {', '.join(sorted(reasons))}" if reasons else "delivered"
            self._found.fates[name if acted or reasons else "lost"] += 1
            if not acted and not reasons:
                yield f"{unit} is lost: neither delivered nor parked"
            elif acted and reasons and not reasons <= MAYBE_DONE and not self._unknown[unit]:
                unsettled = any(sent.delivery in parked_only for sent in events)
                self._found.excused["parked, not recorded, and delivered later"] += unsettled
                if not unsettled:
                    yield f"{unit} was delivered and is parked as well: {reasons}"

    def _parked_unrecorded(self) -> set[str]:
        """Deliveries sent to the parking lot by a process that could not record it."""
        journal = self._evidence.journal
        recorded = {
            (key, step.pid)
            for step in journal.named("settle parked")
            for key in step.keys
            if step.status in range(200, 300)
        }
        sends = ((key, step.pid) for step in journal.named("park") for key in step.keys)
        return {key for key, pid in sends if (key, pid) not in recorded}

    def _told(self) -> Iterator[str]:
        for sent in self._evidence.sent:
            for entry in self._evidence.told[sent.number].events:
                for delivery in entry["deliveries"]:
                    if lie := self._lie(sent, delivery["outcome"], delivery.get("reason")):
                        yield f"event {sent.number} ({sent.unit}): {lie}"

    def _lie(self, sent: Sent, outcome: str, reason: str | None) -> str | None:
        acted = bool(self._evidence.calls.get(sent.unit or ""))
        parked = bool(self._evidence.parked.get(sent.delivery or ""))
        match outcome, reason:
            case ("delivered", _) | ("duplicate", "delivered") if not acted:
                return "told delivered, Rehook has no such call"
            case ("parked", _) | ("duplicate", "parked") if not parked:
                return "told parked, it is not in the parking lot"
            case ("dropped", _) if "dropped" not in sent.says:
                return f"told dropped ({reason})"
            case ("failed", _):
                return "told 200 for what failed"
        return None

    def _once(self) -> Iterator[str]:
        for unit, calls in self._evidence.calls.items():
            events = self._by_unit.get(unit)
            if events is None:
                yield f"{unit}: Rehook has it, and nobody sent it"
                continue
            if not events[0].reward:
                self._found.excused["upserts repeated"] += len(calls) - 1
                continue
            if self._evidence.rewards.get(unit) != len(calls):
                yield f"{unit}: {self._evidence.rewards.get(unit)} rewards, {len(calls)} calls"
            unknown = self._unknown[unit]
            if len(calls) > 1 and (self._park or len(calls) > 1 + len(unknown)):
                yield (
                    f"{unit}: rewarded {len(calls)} times, unknown outcomes: {unknown or 'none'}; "
                    f"its steps: {self._steps(*events)}"
                )
            self._found.excused["rewards repeated"] += len(calls) - 1

    def _steps(self, *events: Sent) -> str:
        """All that was asked about events and their users, for whoever looks for the cause."""
        keys = {key for sent in events for key in (sent.unit, sent.delivery, sent.user)}
        return ", ".join(
            str(step) for step in self._evidence.journal.all() if not keys.isdisjoint(step.keys)
        )

    def _order(self) -> Iterator[str]:
        """First calls only: a repeated call comes when it comes."""
        journal, evidence = self._evidence.journal, self._evidence
        unmarked = {key for step in journal.named("mark") if not step.done for key in step.keys}
        users: dict[str, list[Sent]] = defaultdict(list)
        for events in self._by_unit.values():
            first = events[0]
            if first.user is not None and evidence.calls.get(first.unit or ""):
                users[first.user].append(first)
        for user, sent in users.items():
            latest, *later = sorted(sent, key=lambda each: each.number)
            for event in later:
                if self._first_call(event) < self._first_call(latest):
                    blind = user in unmarked or any(
                        delivery.get("reason") == "ledger_unavailable"
                        for each in sent
                        for entry in evidence.told[each.number].events
                        for delivery in entry["deliveries"]
                    )
                    if not blind:
                        yield (
                            f"{latest.unit} was overtaken by {event.unit} of its user; "
                            f"their steps: {self._steps(latest, event)}"
                        )
                    self._found.excused["out of order, the marks were out of reach"] += blind
                else:
                    latest = event

    def _first_call(self, event: Sent) -> int:
        return self._evidence.calls[event.unit or ""][0].number

    def _left(self) -> Iterator[str]:
        for message in self._evidence.waiting:
            yield f"a message waits: {message.attributes.get('delivery')}"
        unrecorded = {
            key
            for step in self._evidence.journal.named("settle delivered", "settle parked")
            for key in step.keys
            if not step.done
        }
        for delivery, item in self._evidence.ledger.items():
            if item["state"]["S"] in {"delivered", "parked"}:
                continue
            # The table failed after the fact: there is nothing left to be done.
            self._found.excused["settled, but not recorded"] += delivery in unrecorded
            if delivery not in unrecorded:
                yield f"{delivery} is left {item['state']['S']}"

    def _ledger(self) -> Iterator[str]:
        for unit, events in self._by_unit.items():
            delivery = events[0].delivery or ""
            item = self._evidence.ledger.get(delivery)
            if item is None:
                yield f"{unit}: the ledger does not know it"
            elif item["state"]["S"] == "delivered" and not self._evidence.calls.get(unit):
                yield f"{unit}: recorded as delivered, Rehook has no such call"
            elif item["state"]["S"] == "parked":
                epochs = {m.attributes["epoch"] for m in self._evidence.parked.get(delivery, ())}
                if item["epoch"]["N"] not in epochs:
                    yield f"{unit}: recorded as parked, no message can open it again ({epochs})"

    def _logs(self) -> Iterator[str]:
        logged: dict[str | None, set[str]] = defaultdict(set)
        for entry in self._evidence.logs:
            if "outcome" in entry and "deliveries" in entry:
                logged[entry.get("message_id")].add(entry["outcome"])
            if PERSONAL in str(entry):
                yield f"personal data in a log line: {entry}"
        for sent in self._evidence.sent:
            told = {entry["outcome"] for entry in self._evidence.told[sent.number].events}
            if missing := told - logged[sent.message_id]:
                yield f"event {sent.number}: told {missing}, which no log line says"


def _unknown_outcomes(evidence: Evidence, by_unit: dict[str, list[Sent]]) -> dict[str, list[str]]:
    """For each unit its calls whose outcome could not be known, or not be recorded, and why."""
    unknown: dict[str, list[str]] = defaultdict(list)
    for unit, steps in _steps_of_calls(evidence, by_unit).items():
        for number, call in enumerate(steps):
            if call.name == "call":
                own = itertools.takewhile(
                    lambda step: step.name != "call",
                    (step for step in steps[number + 1 :] if step.pid == call.pid),
                )
                if cause := _cause(evidence, call, list(own)):
                    unknown[unit].append(cause)
    return unknown


def _steps_of_calls(evidence: Evidence, by_unit: dict[str, list[Sent]]) -> dict[str, list[Step]]:
    """For each unit its calls and the records of their success, in the order of their beginning."""
    units = {sent.delivery: unit for unit, events in by_unit.items() for sent in events}
    steps: dict[str, list[Step]] = defaultdict(list)
    for step in evidence.journal.named("call", "settle delivered"):
        for key in step.keys:
            if unit := key if step.name == "call" else units.get(key):
                steps[unit].append(step)
    return steps


def _cause(evidence: Evidence, call: Step, settles: list[Step]) -> str | None:
    """Why the outcome of a call was not known; None where it was known and recorded."""
    if call.cut:
        return "killed at the call"
    if call.pid is None:
        return "gone at the call"
    if call.status in NOT_DONE:
        return None
    if not call.done:
        return f"answered {call.status}"
    if any(step.status in range(200, 300) for step in settles):
        return None
    if settles:
        return "not recorded"
    if call.pid in evidence.interruptions.killed:
        return "killed after the call"
    if any(pid == call.pid for pid, _, _ in evidence.interruptions.frozen):
        return "frozen at the call"
    ended = call.ended or call.began
    return "answered too late" if ended - call.began > TIME_OUT else None


TIME_OUT = 1.9
"""Seconds, a little less than ingest's: a loaded machine needs some of it itself."""
