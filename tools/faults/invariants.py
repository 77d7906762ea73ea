"""The invariants: what must hold of the evidence, whatever was killed and whatever failed.

A violation is a sentence that names the event. Each exception that an invariant allows is counted,
so that a rising number of exceptions is seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.faults.load import PERSONAL
from tools.faults.unknown_outcomes import SUCCESSES, unknown_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.faults.evidence import Evidence
    from tools.faults.load import SentEvent

MAYBE_DELIVERED = frozenset({"outcome_unknown", "crashes"})
"""Reasons for parking a delivery that Rehook may have acted on."""


@dataclass(slots=True)
class Findings:
    """What was found.

    `violations`: sentences, by invariant. `excused`: how often each exception was used. `ends`: how
    many effects, and events without an effect, ended in which way.
    """

    violations: dict[str, list[str]] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether nothing was violated."""
        return not any(self.violations.values())


def check_invariants(evidence: Evidence, *, park: bool) -> Findings:
    """Check all invariants. `park`: whether the policy for unknown outcomes was `park`."""
    return _Checks(evidence, park=park).run()


class _Checks:
    def __init__(self, evidence: Evidence, *, park: bool) -> None:
        self._evidence = evidence
        self._park = park
        self._findings = Findings()
        self._by_effect: dict[str, list[SentEvent]] = defaultdict(list)
        for sent in evidence.sent:
            if sent.effect is not None:
                self._by_effect[sent.effect].append(sent)
        self._unknown = unknown_outcomes(evidence, self._by_effect)

    def run(self) -> Findings:
        checks: dict[str, Callable[[], Iterator[str]]] = {
            "every event is answered for good": self._answered,
            "every event ends in one way, with a reason": self._ended_once,
            "what Segment was told is true": self._answered_truly,
            "no reward twice but for an unknown outcome": self._rewarded_once,
            "each user's events reach Rehook in order": self._in_order,
            "nothing is left waiting or claimed": self._nothing_left,
            "the ledger agrees with Rehook": self._ledger_agrees,
            "the logs say the same, and nothing personal": self._logs_agree,
        }
        self._findings.violations = {name: list(check()) for name, check in checks.items()}
        return self._findings

    def _answered(self) -> Iterator[str]:
        for status, text in self._evidence.discarded:
            yield f"an answer {status} made Segment give up: {text[:200]}"
        for sent in self._evidence.sent:
            if self._evidence.answers[sent.number].accepted_at is None:
                yield f"event {sent.number} was never answered 200"

    def _ended_once(self) -> Iterator[str]:
        for sent in self._evidence.sent:
            if sent.effect is None:
                [end, *others] = {
                    entry["outcome"] for entry in self._evidence.answers[sent.number].entries
                }
                self._findings.ends[end] += 1
                if others or end not in sent.expected:
                    yield f"event {sent.number} was {end} {others}, not {set(sent.expected)}"
        parked_only = self._parked_unrecorded()
        for effect, events in self._by_effect.items():
            acted = bool(self._evidence.calls.get(effect))
            parked = [
                message
                for delivery in {sent.delivery or "" for sent in events}
                for message in self._evidence.parked.get(delivery, ())
            ]
            reasons = {message.attributes["reason"] for message in parked}
            name = f"parked: {', '.join(sorted(reasons))}" if reasons else "delivered"
            self._findings.ends[name if acted or reasons else "lost"] += 1
            if not acted and not reasons:
                yield f"{effect} is lost: neither delivered nor parked"
            elif acted and reasons and not reasons <= MAYBE_DELIVERED and not self._unknown[effect]:
                if any(sent.delivery in parked_only for sent in events):
                    self._findings.excused["parked, not recorded, and delivered later"] += 1
                elif self._evidence.mended(effect, parked):
                    self._findings.excused["parked, and mended by the order's next event"] += 1
                else:
                    yield f"{effect} was delivered and is parked as well: {reasons}"

    def _parked_unrecorded(self) -> set[str]:
        """Deliveries that a process sent to the parking lot, and did not record as parked."""
        trace = self._evidence.trace
        recorded = {
            (key, entry.pid)
            for entry in trace.of("settle parked")
            for key in entry.keys
            if entry.status in SUCCESSES
        }
        sends = ((key, entry.pid) for entry in trace.of("park") for key in entry.keys)
        return {key for key, pid in sends if (key, pid) not in recorded}

    def _answered_truly(self) -> Iterator[str]:
        for sent in self._evidence.sent:
            for entry in self._evidence.answers[sent.number].entries:
                for delivery in entry["deliveries"]:
                    if wrong := self._wrong(sent, delivery["outcome"], delivery.get("reason")):
                        yield f"event {sent.number} ({sent.effect}): {wrong}"

    def _wrong(self, sent: SentEvent, outcome: str, reason: str | None) -> str | None:
        """Say what is not true of an outcome that Segment was told; None if it is true."""
        acted = bool(self._evidence.calls.get(sent.effect or ""))
        parked = bool(self._evidence.parked.get(sent.delivery or ""))
        match outcome, reason:
            case ("delivered", _) | ("duplicate", "delivered") if not acted:
                return "told delivered, Rehook has no such call"
            case ("parked", _) | ("duplicate", "parked") if not parked:
                return "told parked, it is not in the parking lot"
            case ("dropped", _) if "dropped" not in sent.expected:
                return f"told dropped ({reason})"
            case ("failed", _):
                return "told 200 for what failed"
        return None

    def _rewarded_once(self) -> Iterator[str]:
        for effect, calls in self._evidence.calls.items():
            events = self._by_effect.get(effect)
            if events is None:
                yield f"{effect}: Rehook has it, and nobody sent it"
                continue
            if not events[0].reward:
                self._findings.excused["upserts repeated"] += len(calls) - 1
                continue
            if self._evidence.rewards.get(effect) != len(calls):
                yield f"{effect}: {self._evidence.rewards.get(effect)} rewards, {len(calls)} calls"
            unknown = self._unknown[effect]
            if len(calls) > 1 and (self._park or len(calls) > 1 + len(unknown)):
                yield (
                    f"{effect}: rewarded {len(calls)} times, unknown outcomes: "
                    f"{unknown or 'none'}; its steps: {self._steps(*events)}"
                )
            self._findings.excused["rewards repeated"] += len(calls) - 1

    def _steps(self, *events: SentEvent) -> str:
        """All requests about these events and their users, for whoever looks for the cause."""
        keys = {key for sent in events for key in (sent.effect, sent.delivery, sent.user)}
        return ", ".join(
            str(entry) for entry in self._evidence.trace.all() if not keys.isdisjoint(entry.keys)
        )

    def _in_order(self) -> Iterator[str]:
        """Compare first calls only: a repeated call may come at any time."""
        evidence = self._evidence
        unmarked = {
            key for entry in evidence.trace.of("mark") if not entry.succeeded for key in entry.keys
        }
        users: dict[str, list[SentEvent]] = defaultdict(list)
        for events in self._by_effect.values():
            first = events[0]
            if first.user is not None and evidence.calls.get(first.effect or ""):
                users[first.user].append(first)
        for user, sent in users.items():
            latest, *later = sorted(sent, key=lambda each: each.number)
            for event in later:
                if self._first_call(event) >= self._first_call(latest):
                    latest = event
                    continue
                excused = user in unmarked or any(
                    delivery.get("reason") == "ledger_unavailable"
                    for each in sent
                    for entry in evidence.answers[each.number].entries
                    for delivery in entry["deliveries"]
                )
                if not excused:
                    yield (
                        f"{latest.effect} was overtaken by {event.effect} of its user; "
                        f"their steps: {self._steps(latest, event)}"
                    )
                self._findings.excused["out of order, the marks were out of reach"] += excused

    def _first_call(self, event: SentEvent) -> int:
        return self._evidence.calls[event.effect or ""][0].number

    def _nothing_left(self) -> Iterator[str]:
        for message in self._evidence.waiting:
            yield f"a message waits: {message.attributes.get('delivery')}"
        unrecorded = {
            key
            for entry in self._evidence.trace.of("settle delivered", "settle parked")
            for key in entry.keys
            if not entry.succeeded
        }
        for delivery, item in self._evidence.ledger.items():
            if item["state"]["S"] in {"delivered", "parked"}:
                continue
            # The table failed when the delivery had ended already: nothing is left to be done.
            self._findings.excused["settled, but not recorded"] += delivery in unrecorded
            if delivery not in unrecorded:
                yield f"{delivery} is left {item['state']['S']}"

    def _ledger_agrees(self) -> Iterator[str]:
        for effect, events in self._by_effect.items():
            delivery = events[0].delivery or ""
            item = self._evidence.ledger.get(delivery)
            if item is None:
                yield f"{effect}: the ledger does not know it"
            elif item["state"]["S"] == "delivered" and not self._evidence.calls.get(effect):
                yield f"{effect}: recorded as delivered, Rehook has no such call"
            elif item["state"]["S"] == "parked":
                tokens = {m.attributes["epoch"] for m in self._evidence.parked.get(delivery, ())}
                if item["epoch"]["N"] not in tokens:
                    yield f"{effect}: recorded as parked, no message can open it again ({tokens})"

    def _logs_agree(self) -> Iterator[str]:
        logged: dict[str | None, set[str]] = defaultdict(set)
        for entry in self._evidence.logs:
            if "outcome" in entry and entry.get("service") == "ingest":
                logged[entry.get("message_id")].add(entry["outcome"])
            if PERSONAL in str(entry):
                yield f"personal data in a log line: {entry}"
        for sent in self._evidence.sent:
            told = {entry["outcome"] for entry in self._evidence.answers[sent.number].entries}
            if missing := told - logged[sent.message_id]:
                yield f"event {sent.number}: told {missing}, which no log line says"
