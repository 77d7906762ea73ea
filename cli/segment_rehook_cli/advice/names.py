"""What is hardly meant in `settings`: names of events and traits that never come by.

A setting names what the mappings made. So the mappings are asked which names they can give: those
of their texts, and of the events that their triggers take.
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
from segment_rehook_cli.advice.matching import matched_types
from segment_rehook_cli.advice.texts import of_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.advice.matching import Way

__all__ = ["Rule", "of_settings"]

_CLOSE: Final = 0.7
_READABLE: Final = frozenset({"type", "event"})


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled subscription as far as it can be read."""

    action: str
    settings: dict[str, JSON]
    ways: list[Way] | None
    types: frozenset[str] | None


def of_settings(settings: dict[str, Any], rules: list[Rule], place: str) -> Iterator[Misshape]:
    """Look at the settings beside the subscriptions that they work on."""
    for name, path in _members(settings, "includeFields"):
        for message in of_path(path) if isinstance(path, str) else ():
            yield Misshape(f"{place}.includeFields.{name}", message)
    yield from _of_event_types(settings, rules, f"{place}.eventTypes")
    yield from _of_traits(settings, rules, f"{place}.traitNames")
    names = _EventNames.read(settings, rules)
    if names is not None:
        yield from names.of_renamed(f"{place}.eventNames")
        yield from names.of_conversions(settings, f"{place}.conversionEvents")


def _members(settings: dict[str, Any], name: str) -> Iterator[tuple[str, JSON]]:
    found = settings.get(name)
    if isinstance(found, dict):
        yield from found.items()


def _of_event_types(settings: dict[str, Any], rules: list[Rule], place: str) -> Iterator[Misshape]:
    for name, policy in _members(settings, "eventTypes"):
        if policy == "ignore" and any(rule.types == frozenset({name}) for rule in rules):
            message = f"keeps {name} events from a subscription that takes no others"
            yield Misshape(f"{place}.{name}", message)


def _of_traits(settings: dict[str, Any], rules: list[Rule], place: str) -> Iterator[Misshape]:
    sent: dict[str, JSON] = {}
    for rule in rules:
        if rule.action != IDENTIFY_USER.slug:
            continue
        metadata = rule.settings.get("metadata", {})
        if ROOT_KEY in rule.settings or not isinstance(metadata, dict) or is_directive(metadata):
            return  # it may send any trait
        sent |= metadata
    for trait, _ in _members(settings, "traitNames"):
        if trait not in sent:
            close = _sent_as(trait, sent) or meant(trait, sent, closeness=_CLOSE)
            hint = f"; did you mean {close}?" if close else ""
            message = f"no mapping sends {trait} in metadata, whose names count here{hint}"
            yield Misshape(f"{place}.{trait}", message)


def _sent_as(trait: str, sent: dict[str, JSON]) -> str | None:
    """Give the name under which a mapping sends a trait of the event."""
    for name, value in sent.items():
        path = value.get("@path") if isinstance(value, dict) else None
        if isinstance(path, str) and steps_of(without_root(path))[-1:] == (trait,):
            return name
    return None


@dataclass(frozen=True, slots=True)
class _EventNames:
    """The names of events on their way: in Segment, as mapped, in Rehook."""

    rules: list[Rule]
    renamed: dict[str, str]
    prefix: str
    known: frozenset[str]
    """Names that the file speaks of as Segment's."""

    @classmethod
    def read(cls, settings: dict[str, Any], rules: list[Rule]) -> _EventNames | None:
        """Give None where a mapping makes names of more than the event's own."""
        tracking = [rule for rule in rules if rule.action == TRACK_EVENT.slug]
        renamed, prefix = settings.get("eventNames", {}), settings.get("eventNamePrefix", "")
        if not isinstance(renamed, dict) or not isinstance(prefix, str):
            return None
        texts = {name: to for name, to in renamed.items() if isinstance(to, str)}
        known = {
            str(clause.expected)
            for rule in tracking
            for way in rule.ways or ()
            for clause in way
            if clause.source == "event"
        }
        if not tracking or any(rule.ways is None or ROOT_KEY in rule.settings for rule in tracking):
            return None
        if any(
            clause.source == "event" and clause.operator not in {"=", "!="}
            for rule in tracking
            for way in rule.ways or ()
            for clause in way
        ):
            return None  # names of a form: others than those in the file fit
        names = cls(tracking, texts, prefix, frozenset(known))
        return names if all(names.readable(rule) for rule in tracking) else None

    def readable(self, rule: Rule) -> bool:
        """Whether a rule's names hang on the event's alone, and settle after one mapping."""
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
        """Give the names that subscriptions make of an event of this name."""
        return {
            name
            for rule in self.rules
            if matched_types(rule.ways or [], event)
            if (name := _mapped(rule.settings.get("event_name"), event)) is not None
        }

    def final(self, name: str) -> str:
        """Give a mapped name as Rehook knows it."""
        return self.prefix + self.renamed.get(name, name)

    def of_renamed(self, place: str) -> Iterator[Misshape]:
        """Look at the keys of `eventNames`, which are names as mapped."""
        for name in self.renamed:
            given = set().union(*(self.mapped(each) for each in {name, *self.known}))
            if name not in given:
                yield Misshape(f"{place}.{name}", self._unseen(name, given, self.mapped(name)))

    def of_conversions(self, settings: dict[str, Any], place: str) -> Iterator[Misshape]:
        """Look at the keys of `conversionEvents`, which are names in Rehook."""
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
            return f'events "{name}" arrive here as "{min(own)}": write that name'
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
