"""What `segment-rehook validate` reports about a destination file: mistakes, and advice.

A mistake is what a function refuses at start-up, or a mapping that throws on every event that has a
value for it. Advice is about what is valid, and runs in Segment too, but is probably not what was
meant. A file with mistakes gets advice too, about the parts that can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.mapping.schema_check import Misshape, apart, place_of
from segment_rehook.mapping.throws import When, throws
from segment_rehook.rehook.actions import ACTIONS, DEFAULT_SUBSCRIPTIONS
from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook.segment.jsontext import JSON, JsonError, decode
from segment_rehook_cli.mapping.advice.fields import check_fields, check_key
from segment_rehook_cli.mapping.advice.names import ParsedSubscription, check_settings
from segment_rehook_cli.mapping.advice.texts import check_value
from segment_rehook_cli.mapping.advice.triggers import read_trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Review", "review"]


@dataclass(frozen=True, slots=True)
class Review:
    """`ids` are the subscriptions' ids; empty if there are mistakes."""

    ids: tuple[str, ...]
    mistakes: tuple[Misshape, ...]
    advice: tuple[Misshape, ...]


def review(text: bytes) -> Review:
    """Review the text of a destination file, whatever it is. Raises nothing."""
    ids: tuple[str, ...] = ()
    mistakes: tuple[Misshape, ...] = ()
    try:
        ids = tuple(item.id for item in load(text).subscriptions)
    except DestinationInvalid as invalid:
        mistakes = invalid.mistakes
    failing, advice = _findings(_readable(text))
    refused = [each for each in mistakes if ".settings." in each.place]
    mistakes += tuple(apart(failing, refused))
    advice = apart(advice, refused)
    return Review(() if mistakes else ids, mistakes, tuple(dict.fromkeys(advice)))


def _readable(text: bytes) -> dict[str, JSON]:
    try:
        raw = decode(text)
    except JsonError:
        return {}
    return raw if isinstance(raw, dict) else {}


def _findings(file: dict[str, JSON]) -> tuple[list[Misshape], list[Misshape]]:
    """Return what fails on every event that has a value for it, and the advice."""
    failing: list[Misshape] = []
    advice: list[Misshape] = []
    rules: list[ParsedSubscription] = []
    subscriptions = file.get("subscriptions", DEFAULT_SUBSCRIPTIONS)
    for index, raw in enumerate(subscriptions if isinstance(subscriptions, list) else ()):
        if not isinstance(raw, dict):
            continue
        place = f"subscriptions[{index}]"
        written = raw.get("trigger")
        trigger = read_trigger(written if isinstance(written, str) else "")
        advice += (Misshape(f"{place}.trigger", said) for said in trigger.advice)
        action, settings = raw.get("actionSlug"), raw.get("settings")
        enabled = raw.get("enabled") is not False
        for mapping, inside in _mappings(raw, place):
            advice += check_value(mapping, inside)
            certain, possible = _thrown(mapping, inside, enabled=enabled)
            failing += certain
            advice += possible
        if "idempotencyKey" in raw:
            advice += check_key(raw["idempotencyKey"], f"{place}.idempotencyKey")
        if isinstance(action, str) and action in ACTIONS and isinstance(settings, dict):
            advice += check_fields(action, settings, f"{place}.settings", trigger.types)
            if enabled:
                rules.append(
                    ParsedSubscription(action, settings, trigger.conjunctions, trigger.types)
                )
    settings = file.get("settings")
    if isinstance(settings, dict):
        advice = [*check_settings(settings, rules, "settings"), *advice]
    return failing, advice


def _mappings(raw: dict[str, JSON], place: str) -> Iterator[tuple[dict[str, JSON], str]]:
    settings = raw.get("settings")
    if isinstance(settings, dict):
        yield settings, f"{place}.settings"
    if "idempotencyKey" in raw:
        yield {"idempotencyKey": raw["idempotencyKey"]}, place


def _thrown(
    mapping: dict[str, JSON], place: str, *, enabled: bool
) -> tuple[list[Misshape], list[Misshape]]:
    """Return what throws on every event that has a value for it, and what throws only sometimes.

    The second is what throws in one branch, or only if the subscription is enabled.
    """
    certain: list[Misshape] = []
    possible: list[Misshape] = []
    for each in throws(mapping):
        where = place_of(place, each.path)
        if not enabled:
            said = f"will fail when the subscription is enabled: {each.message}"
            possible.append(Misshape(where, said))
        elif each.when is When.GIVEN:
            said = f"fails on every event that has a value for it: {each.message}"
            certain.append(Misshape(where, said))
        elif each.when is When.BRANCH:
            said = f"fails on every event that takes this branch: {each.message}"
            possible.append(Misshape(where, said))
    return certain, possible
