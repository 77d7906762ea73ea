"""Subscriptions and events made up at random, odd on purpose, the same ones for the same seed.

Left out is what the documentation names as different: integers beyond 2^53 (kept exact here), and
a `context` that is null (Segment's own bookkeeping trips over it).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

ABSENT = object()

TEXTS = [
    "",
    " ",
    "u1",
    "Order Completed",
    "order",
    "42",
    "null",
    "é",
    "👍",
    "\ud83d",
    "a.b",
    "<&>",
    "x" * 60,
]
NUMBERS = [
    0,
    -0.0,
    1,
    -1,
    42,
    25.0,
    0.1,
    1e21,
    1e-7,
    123456789012,
    2**53,
    -(2**53),
    5e-324,
    1.7976931348623157e308,
]
KEYS = [
    "a",
    "b",
    "total",
    "referral_code",
    "userId",
    "order_id",
    "items",
    "0",
    "a.b",
    "__proto__",
    "",
    "ключ",
    "length",
]
TYPES = ["track"] * 12 + ["identify"] * 6 + ["page", "screen", "group", "alias", "delete", ""]
TRIGGERS = [
    'type = "track" or type = "identify"',
    'type = "track" or type = "identify"',
    'type = "track" or type = "identify"',
    'type = "track" or type = "identify"',
    'type = "track" or type = "identify"',
    'type = "track"',
    'type = "identify"',
    'type = "track" or type = "identify"',
    'type != "page"',
    'type = "track" and event = "Order Completed"',
    "properties.total > 10",
    'type = "track" and properties.total != null',
    'contains(event, "Order")',
    'type = "alias" or !match(event, "ord*")',
    'type = "identify" and traits.a = true',
]  # fmt: skip
PATHS = [
    "$.userId", "$.anonymousId", "$.event", "$.type", "$.properties", "$.traits", "$.messageId",
    "$.properties.userId", "$.properties.total", "$.properties.a", "$.properties.items",
    "$.properties.items[0]", "$.traits.referral_code", "$.traits.a", "$.missing", "$.missing.deep",
    "$.context", "$.context.page.url", "", "$", "properties", "$.properties.a.b", "$.userId.length",
    "$.toString", "$.properties.items.0.a", "$.integrations",
]  # fmt: skip
FIELDS = {
    "identifyUser": ["source_id", "metadata", "referral_code"],
    "trackEvent": ["event_name", "source_id", "metadata"],
}
STRANGERS = ["dynamicAuthSettings", "enable_batching", "batch_size", "extra", "toString"]


@dataclass(frozen=True)
class Case:
    """A subscription, and the text of an event to put to it."""

    subscription: dict[str, Any]
    event: str


def case(random: random.Random) -> Case:
    """Make up one case."""
    action = random.choice(list(FIELDS))
    subscription = {
        "id": "s",
        "name": "made up",
        "actionSlug": action,
        "enabled": True,
        "trigger": random.choice(TRIGGERS),
        "settings": _settings(random, action),
    }
    return Case(subscription, _event(random))


def _settings(random: random.Random, action: str) -> dict[str, Any]:
    names = [name for name in FIELDS[action] if random.random() < 0.95]
    names += [name for name in STRANGERS if random.random() < 0.08]
    if random.random() < 0.3:
        random.shuffle(names)
    settings = {name: _field(random, name) for name in names}
    if random.random() < 0.06:
        settings["__segment_internal_directive"] = random.choice(
            [
                {"@transform": {"apply": {"userId": {"@path": "$.type"}}}},
                {"@merge": {"direction": "right", "objects": [{"@path": "$.properties"}]}},
                {"@literal": {"source_id": "u"}},
                {"@path": "$.properties"},
                {"@if": {"exists": {"@path": "$.type"}, "then": _mapping(random, 1)}},
                {"@if": {"exists": {"@path": "$.type"}, "then": _mapping(random, 2)}},
                {"@if": {"exists": {"@path": "$.type"}, "then": random.choice(["", None, []])}},
                7,
            ]
        )
    return settings


def _field(random: random.Random, name: str) -> Any:
    """Make up a field's mapping: mostly what fits it, so that many cases come through."""
    fitting = {
        "source_id": ["$.userId", "$.userId", "$.userId", "$.anonymousId", "$.properties.userId"],
        "event_name": ["$.event", "$.event", "$.type"],
        "metadata": ["$.properties", "$.traits", "$.context"],
        "referral_code": ["$.traits.referral_code", "$.properties.referral_code"],
    }
    if name in fitting and random.random() < 0.8:
        return {"@path": random.choice(fitting[name])}
    return _mapping(random, 3)


TEMPLATES = [
    "{{userId}}",
    "u-{{properties.total}}",
    "{{event}} {{type}}",
    "{{properties.items}}",
    "",
    "{{{event}}}",
]


def _mapping(random: random.Random, depth: int) -> Any:
    if not depth:
        return random.choice([{"@path": random.choice(PATHS)}, _json(random, 1)])
    return random.choice(MAKERS)(random, lambda: _mapping(random, depth - 1))


MAKERS: list[Callable[[random.Random, Callable[[], Any]], Any]] = [
    lambda random, _: {"@path": random.choice(PATHS)},
    lambda random, _: {"@path": random.choice(PATHS)},
    lambda random, _: _json(random, 1),
    lambda random, _: {"@template": random.choice(TEMPLATES)},
    lambda random, inner: [inner() for _ in range(random.choice([0, 1, 1, 1, 2]))],
    lambda random, inner: {random.choice(KEYS): inner() for _ in range(random.randrange(3))},
    lambda random, inner: {
        "@if": {random.choice(["exists", "blank"]): inner(), "then": inner(), "else": inner()}
    },
    lambda random, inner: {
        "@case": {"operator": random.choice(["lower", "upper"]), "value": inner()}
    },
    lambda random, _: {"@literal": _json(random, 2)},
    lambda random, inner: {
        "@json": {"mode": random.choice(["encode", "decode"]), "value": inner()}
    },
    lambda random, inner: {
        "@merge": {
            "direction": random.choice(["left", "right"]),
            "objects": [{"@path": "$.properties"}, {"a": inner()}],
        }
    },
    lambda random, inner: {
        "@arrayPath": [random.choice(["$.properties.items", "$.properties"]), {"a": inner()}]
    },
    lambda random, _: {"@flatten": {"separator": ".", "value": {"@path": random.choice(PATHS)}}},
    lambda _, inner: {"@replace": {"pattern": "o", "replacement": "0", "value": inner()}},
    lambda _, inner: {"@excludeWhenNull": inner()},
]


def _event(random: random.Random) -> str:
    members = {
        "type": random.choice(TYPES),
        "messageId": f"m-{random.randrange(1000)}",
        "userId": _or(random, 0.8, "u1"),
        "anonymousId": _or(random, 0.5, "a1"),
        "event": _or(random, 0.7, random.choice(TEXTS)),
        "properties": _or(random, 0.7, _object(random, 3)),
        "traits": _or(random, 0.7, _object(random, 3)),
        "integrations": random.choice(
            [ABSENT, {"All": False}, {"All": True}, {"Rehook": True}, {}]
        ),
        "context": random.choice([ABSENT, {"page": {"url": "https://x"}}, _object(random, 2)]),
    }
    if isinstance(members["context"], dict):
        members["context"].pop("personas", None)
    present = [(key, value) for key, value in members.items() if value is not ABSENT]
    if random.random() < 0.3:
        random.shuffle(present)
    text = json.dumps(dict(present), ensure_ascii=random.random() < 0.5)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(dict(present))
    if random.random() < 0.05:
        text = text.replace("42", "1e999", 1)
    if random.random() < 0.05:
        text = text.replace('"total":', '"total": 1, "total":', 1)
    return text


def _or(random: random.Random, chance: float, usual: Any) -> Any:
    if random.random() < chance:
        return usual
    return ABSENT if random.random() < 0.4 else _json(random, 2)


def _object(random: random.Random, depth: int) -> dict[str, Any]:
    return {random.choice(KEYS): _json(random, depth - 1) for _ in range(random.randrange(5))}


def _json(random: random.Random, depth: int) -> Any:
    kind = random.randrange(8 if depth else 6)
    match kind:
        case 0 | 1:
            return random.choice(TEXTS)
        case 2 | 3:
            return random.choice(NUMBERS)
        case 4:
            return random.choice([True, False])
        case 5:
            return None
        case 6:
            return [_json(random, depth - 1) for _ in range(random.choice([0, 1, 1, 2]))]
        case _:
            return _object(random, depth)
