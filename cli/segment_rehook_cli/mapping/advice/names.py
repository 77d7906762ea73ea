"""Advice on the file's `settings`: names of events and traits that no mapping gives.

A setting names an event or trait as the mappings give it. So each mapping is run to see which names
it gives, for the events that the triggers take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.mapping.errors import LanguageError
from segment_rehook.mapping.mapping import ROOT_KEY, compile_mapping
from segment_rehook.mapping.paths import steps_of, without_root
from segment_rehook.mapping.schema_check import Misshape, meant
from segment_rehook.mapping.validation import is_directive
from segment_rehook.rehook.actions import IDENTIFY_USER, TRACK_EVENT
from segment_rehook_cli.mapping.advice.matching import matched_types
from segment_rehook_cli.mapping.advice.texts import check_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.mapping.advice.matching import Conjunction

__all__ = ["ParsedSubscription", "check_settings"]

_CLOSE: Final = 0.7
_READABLE: Final = frozenset({"type", "event"})


@dataclass(frozen=True, slots=True)
class ParsedSubscription:
    """What could be read of an enabled subscription; None for what could not."""

    action: str
    settings: dict[str, JSON]
    conjunctions: list[Conjunction] | None
    types: frozenset[str] | None


def check_settings(
    settings: dict[str, Any], rules: list[ParsedSubscription], place: str
) -> Iterator[Misshape]:
    """Advise on the settings, given the subscriptions."""
    for name, path in _members(settings, "includeFields"):
        for message in check_path(path) if isinstance(path, str) else ():
            yield Misshape(f"{place}.includeFields.{name}", message)
    yield from _check_event_types(settings, rules, f"{place}.eventTypes")
    yield from _check_traits(settings, rules, f"{place}.traitNames")
    names = _EventNames.read(settings, rules)
    if names is not None:
        yield from names.check_renamed(f"{place}.eventNames")
        yield from names.check_conversions(settings, f"{place}.conversionEvents")


def _members(settings: dict[str, Any], name: str) -> Iterator[tuple[str, JSON]]:
    found = settings.get(name)
    if isinstance(found, dict):
        yield from found.items()


def _check_event_types(
    settings: dict[str, Any], rules: list[ParsedSubscription], place: str
) -> Iterator[Misshape]:
    for name, policy in _members(settings, "eventTypes"):
        if policy == "ignore" and any(rule.types == frozenset({name}) for rule in rules):
            message = f"keeps all {name} events from a subscription that takes no others"
            yield Misshape(f"{place}.{name}", message)


def _check_traits(
    settings: dict[str, Any], rules: list[ParsedSubscription], place: str
) -> Iterator[Misshape]:
    sent: dict[str, JSON] = {}
    for rule in rules:
        if rule.action != IDENTIFY_USER.slug:
            continue
        metadata = rule.settings.get("metadata", {})
        if ROOT_KEY in rule.settings or not isinstance(metadata, dict) or is_directive(metadata):
            return  # this subscription may send any trait
        sent |= metadata
    for trait, _ in _members(settings, "traitNames"):
        if trait not in sent:
            close = _sent_as(trait, sent) or meant(trait, sent, closeness=_CLOSE)
            hint = f"; did you mean {close}?" if close else ""
            message = f"no mapping sends a trait {trait} in metadata{hint}"
            yield Misshape(f"{place}.{trait}", message)


def _sent_as(trait: str, sent: dict[str, JSON]) -> str | None:
    """Return the name under which a mapping sends a trait of the event."""
    for name, value in sent.items():
        path = value.get("@path") if isinstance(value, dict) else None
        if isinstance(path, str) and steps_of(without_root(path))[-1:] == (trait,):
            return name
    return None


@dataclass(frozen=True, slots=True)
class _EventNames:
    """The names that an event has in Segment, after the mapping, and in Rehook."""

    rules: list[ParsedSubscription]
    renamed: dict[str, str]
    prefix: str
    known: frozenset[str]
    """The names in Segment that the triggers compare with."""

    @classmethod
    def read(cls, settings: dict[str, Any], rules: list[ParsedSubscription]) -> _EventNames | None:
        """Read them; None if a mapped name can depend on more than the event's name."""
        tracking = [rule for rule in rules if rule.action == TRACK_EVENT.slug]
        renamed, prefix = settings.get("eventNames", {}), settings.get("eventNamePrefix", "")
        if not isinstance(renamed, dict) or not isinstance(prefix, str):
            return None
        texts = {name: to for name, to in renamed.items() if isinstance(to, str)}
        known = {
            str(clause.expected)
            for rule in tracking
            for terms in rule.conjunctions or ()
            for clause in terms
            if clause.source == "event"
        }
        if not tracking or any(
            rule.conjunctions is None or ROOT_KEY in rule.settings for rule in tracking
        ):
            return None
        if any(
            clause.source == "event" and clause.operator not in {"=", "!="}
            for rule in tracking
            for terms in rule.conjunctions or ()
            for clause in terms
        ):
            return None  # such a condition matches names that are not in the file
        names = cls(tracking, texts, prefix, frozenset(known))
        return names if all(names.readable(rule) for rule in tracking) else None

    def readable(self, rule: ParsedSubscription) -> bool:
        """Whether a mapped name depends on the event's name only, and mapping it again keeps it."""
        mapping = rule.settings.get("event_name")
        try:
            reads = compile_mapping({"value": mapping}).reads
        except LanguageError:
            return False
        if reads is None or not reads <= _READABLE:
            return False
        once = _mapped(mapping, "An Example-Name")
        return once is not None and _mapped(mapping, once) == once

    def mapped(self, event: str) -> set[str]:
        """Return the names that the subscriptions map an event of this name to."""
        return {
            name
            for rule in self.rules
            if matched_types(rule.conjunctions or [], event)
            if (name := _mapped(rule.settings.get("event_name"), event)) is not None
        }

    def final(self, name: str) -> str:
        """Return the name in Rehook of a mapped name."""
        return self.prefix + self.renamed.get(name, name)

    def check_renamed(self, place: str) -> Iterator[Misshape]:
        """Advise on the keys of `eventNames`, which are mapped names."""
        for name in self.renamed:
            given = set().union(*(self.mapped(each) for each in {name, *self.known}))
            if name not in given:
                yield Misshape(f"{place}.{name}", self._unseen(name, given, self.mapped(name)))

    def check_conversions(self, settings: dict[str, Any], place: str) -> Iterator[Misshape]:
        """Advise on the keys of `conversionEvents`, which are names in Rehook."""
        for name, _ in _members(settings, "conversionEvents"):
            bare = name.removeprefix(self.prefix)
            tried = {name, bare, *self.known, *self.renamed}
            given = {self.final(each) for event in tried for each in self.mapped(event)}
            if name not in given:
                own = {self.final(each) for each in self.mapped(name)}
                yield Misshape(f"{place}.{name}", self._unseen(name, given, own))

    @staticmethod
    def _unseen(name: str, given: set[str], own: set[str]) -> str:
        if own:
            return f'an event "{name}" has the name "{min(own)}" here: write that name'
        close = meant(name, given, closeness=_CLOSE)
        hint = f'; did you mean "{close}"?' if close else ""
        return f"no subscription gives an event this name{hint}"


def _mapped(mapping: JSON, event: str) -> str | None:
    try:
        found = compile_mapping({"value": mapping})({"type": "track", "event": event})
    except LanguageError:
        return None
    value = found.get("value") if isinstance(found, dict) else None
    return value if isinstance(value, str) else None
