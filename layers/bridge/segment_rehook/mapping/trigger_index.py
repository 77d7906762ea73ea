"""Finds the subscriptions that may take an event by its type and name, without running triggers.

Most triggers compare `type` or `event` with a text. The compiled condition shows what it needs:

- a clause `type = "track"` needs that type;
- clauses joined by `and` need all that each of them needs, up to the first clause that may throw:
  an event for which it throws is a fault, whatever the later clauses say;
- clauses joined by `or` need a type, or a name, only if each of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segment_rehook.mapping.fql_conditions import Condition
    from segment_rehook.mapping.subscription import Subscription

__all__ = ["Candidate", "Candidates", "TriggerIndex"]

_THROWING_STEPS: Final = ("caller", "arguments")
"""Members of a function for which JavaScript throws."""


class Candidate(NamedTuple):
    """A subscription that may take an event; `matches`: its trigger is known to hold."""

    subscription: Subscription
    matches: bool


class Candidates(NamedTuple):
    """The subscriptions that may take an event, in their order.

    `reads` names the event's top-level keys that the triggers look at which are still to be run.
    """

    found: Sequence[Candidate]
    reads: frozenset[str]


class TriggerIndex:
    """The enabled subscriptions, by the types and names of the events that they may take."""

    __slots__ = ("_any_type", "_of_type")

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        known = [(each, _need_of(each.trigger)) for each in subscriptions if each.enabled]
        of_type, any_type = _grouped(known, "type")
        self._of_type = {name: _by_name(group) for name, group in of_type.items()}
        self._any_type = _by_name(any_type)

    def candidates(self, event_type: str | None, name: str | None) -> Candidates:
        """Give the subscriptions whose triggers may hold, or throw.

        `event_type` and `name` are the event's `type` and `event`; None if that is no text.
        """
        of_name, others = self._of_type.get(event_type, self._any_type)
        return of_name.get(name, others)


@dataclass(frozen=True, slots=True)
class _Need:
    """What a condition needs in order to hold or throw.

    `texts`: for `type` and `event` the values of which the event must have one. `enough`: with one
    of those the condition holds. `throws`: it may throw.
    """

    texts: Mapping[str, frozenset[str]]
    enough: bool
    throws: bool


_Known: TypeAlias = "tuple[Subscription, _Need]"
_ByName: TypeAlias = "tuple[Mapping[str | None, Candidates], Candidates]"


def _need_of(condition: Condition) -> _Need:
    if condition.members:
        needs = [_need_of(member) for member in condition.members]
        return _all_of(needs) if condition.joint == "and" else _one_of(needs)
    leaf = condition.leaf
    if leaf is None:
        return _Need({}, enough=False, throws=True)
    if leaf.path is None and leaf.operator == "=" and leaf.source in {"type", "event"}:
        return _Need({leaf.source: frozenset({str(leaf.expected)})}, enough=True, throws=False)
    throws = any(step in (leaf.path or "") for step in _THROWING_STEPS)
    return _Need({}, enough=False, throws=throws)


def _all_of(needs: Sequence[_Need]) -> _Need:
    texts: dict[str, frozenset[str]] = {}
    for need in needs:
        for source, wanted in need.texts.items():
            texts[source] = texts.get(source, wanted) & wanted
        if need.throws:
            break
    return _Need(
        texts, all(need.enough for need in needs), throws=any(need.throws for need in needs)
    )


def _one_of(needs: Sequence[_Need]) -> _Need:
    shared = frozenset.intersection(*(frozenset(need.texts) for need in needs))
    texts = {
        source: frozenset().union(*(need.texts[source] for need in needs)) for source in shared
    }
    enough = all(need.enough and len(need.texts) == 1 and shared for need in needs)
    return _Need(texts, enough, throws=any(need.throws for need in needs))


def _grouped(
    known: Iterable[_Known], source: str
) -> tuple[dict[str | None, list[_Known]], list[_Known]]:
    """Give the subscriptions that may take each needed text, and those that may take others."""
    known = list(known)
    wanted = {text for _, need in known for text in need.texts.get(source, ())}
    of_text: dict[str | None, list[_Known]] = {
        text: [each for each in known if text in each[1].texts.get(source, (text,))]
        for text in wanted
    }
    return of_text, [each for each in known if source not in each[1].texts]


def _by_name(known: Iterable[_Known]) -> _ByName:
    of_name, others = _grouped(known, "event")
    return {name: _candidates(group) for name, group in of_name.items()}, _candidates(others)


def _candidates(known: Sequence[_Known]) -> Candidates:
    found = tuple(Candidate(subscription, need.enough) for subscription, need in known)
    reads = (each.subscription.trigger.reads for each in found if not each.matches)
    return Candidates(found, frozenset().union(*reads))
