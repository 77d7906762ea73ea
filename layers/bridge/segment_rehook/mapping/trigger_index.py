"""Which subscriptions an event can concern, found by its type and name without running a trigger.

Most triggers ask for a `type` or an `event`. What they need is read off the compiled condition:

- a clause `type = "track"` needs that type;
- of clauses joined by `and` each need counts, up to the first clause that may throw: an event
  that makes it throw is a fault, whatever the later clauses say;
- of clauses joined by `or` a need counts only where all have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segment_rehook.mapping.fql_conditions import Condition
    from segment_rehook.mapping.subscription import Subscription

__all__ = ["Candidate", "TriggerIndex"]

_THROWING_STEPS: Final = ("caller", "arguments")
"""Members of a function that JavaScript does not let anyone read."""


class Candidate(NamedTuple):
    """A subscription that may take an event; `matches`: its trigger is known to hold."""

    subscription: Subscription
    matches: bool


class TriggerIndex:
    """Enabled subscriptions by the events that they may take."""

    __slots__ = ("_any_type", "_of_type")

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        known = [(each, _need_of(each.trigger.condition)) for each in subscriptions if each.enabled]
        of_type, any_type = _grouped(known, "type")
        self._of_type = {name: _by_name(group) for name, group in of_type.items()}
        self._any_type = _by_name(any_type)

    def candidates(self, event_type: str | None, name: str | None) -> Sequence[Candidate]:
        """Give the subscriptions whose triggers may hold, or throw, in their order.

        `event_type` and `name` are the event's `type` and `event`, None where that is no text.
        """
        of_name, others = self._of_type.get(event_type, self._any_type)
        return of_name.get(name, others)


@dataclass(frozen=True, slots=True)
class _Need:
    """What a condition needs: for `type` and `event` the texts of which one must be there.

    `enough`: with one of those texts the condition holds. `throws`: it may throw.
    """

    texts: Mapping[str, frozenset[str]]
    enough: bool
    throws: bool


_Known: TypeAlias = "tuple[Subscription, _Need]"
_ByName: TypeAlias = "tuple[Mapping[str | None, Sequence[Candidate]], Sequence[Candidate]]"


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
    """Give what may take each text that is needed anywhere, and what may take any other."""
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


def _candidates(known: Iterable[_Known]) -> tuple[Candidate, ...]:
    return tuple(Candidate(subscription, need.enough) for subscription, need in known)
