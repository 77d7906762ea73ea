"""The load: events drawn from a seed, each with the effect that it must have at Rehook, if any.

An *effect* is a reward or an upsert that must happen once. It has a name of its own (the event's
name, or the trait `n`), so that Rehook's records show how often it happened. Two events of one
order are one effect, by their business key.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.rehook.destination import Destination, load
from segment_rehook.rehook.plan import Drop
from segment_rehook.segment.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable

DESTINATION: Final[dict[str, Any]] = {
    "settings": {},
    "subscriptions": [
        {
            "id": "identify",
            "name": "Identify User",
            "actionSlug": "identifyUser",
            "enabled": True,
            "trigger": 'type = "identify"',
            "settings": {
                "source_id": {"@path": "$.userId"},
                "metadata": {"@path": "$.traits"},
                "referral_code": {"@path": "$.traits.referral_code"},
            },
        },
        {
            "id": "track",
            "name": "Track Event",
            "actionSlug": "trackEvent",
            "enabled": True,
            "trigger": 'type = "track" and event != "Order Completed"',
            "settings": {
                "event_name": {"@path": "$.event"},
                "source_id": {"@path": "$.userId"},
                "metadata": {"@path": "$.properties"},
            },
        },
        {
            "id": "order",
            "name": "Order Completed",
            "actionSlug": "trackEvent",
            "enabled": True,
            "trigger": 'type = "track" and event = "Order Completed"',
            "idempotencyKey": {"@path": "$.properties.order_id"},
            "settings": {
                "event_name": {"@path": "$.properties.order_id"},
                "source_id": {"@path": "$.userId"},
                "metadata": {"@path": "$.properties"},
            },
        },
    ],
}
"""A subscription for each way that a delivery gets its id."""

TAKEN_CODE: Final = "TAKEN"
OWNER: Final = "owner"
"""The customer whose referral code that is: Rehook rejects any other who uses it."""
PERSONAL: Final = "pii"
"""Part of every user id and e-mail address. No log line may hold it."""

SIZES: Final = (*[1] * 10, 2, 2, 3, 5, 8, 20, 60)
"""How many events a request has; one is drawn for each."""
USERS_A_LANE: Final = 8
"""At least so many, so that a batch has several users, whose claims share a call."""

AWKWARD: Final[tuple[Any, ...]] = (
    "\U0001f389 ünï\u2028cödé\x00\x1f",
    "\ud800 alone",
    1e21,
    -0.0,
    2**70,
    None,
    [],
    {},
    [[[[[[[[[[{"deep": [None]}]]]]]]]]]],
    {"": {"$.a": "{{ liquid }}", "@path": "$.x"}},
    "x" * 30_000,
    '"\\/\b\f\n\r\t',
)


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event of the load.

    `effect`: its name, None where nothing may reach Rehook. `reward`: whether the effect is one.
    `delivery` and `user` (a hash) are the bridge's names for them. `expected`: the outcomes that
    the bridge may give it when there are no faults.
    """

    number: int
    message_id: str | None
    raw: bytes = field(repr=False)
    effect: str | None
    reward: bool
    expected: frozenset[str]
    delivery: str | None
    user: str | None


@dataclass(slots=True)
class Load:
    """Draws events. `lanes`: how many senders; each user belongs to one, so that order is kept."""

    events: int
    lanes: int
    seed: int
    _chance: random.Random = field(init=False)
    _destination: Destination = field(init=False)
    _orders: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._destination = load(json.dumps(DESTINATION).encode())

    def requests(self) -> list[list[list[SentEvent]]]:
        """Give the requests of each lane, in order. A request is a list of one or more events."""
        users = max(self.lanes * USERS_A_LANE, self.events // 10)
        drawn: list[list[SentEvent]] = [[] for _ in range(self.lanes)]
        for number in range(self.events):
            user = self._chance.randrange(users)
            drawn[user % self.lanes].append(self._event(number, user))
        return [self._cut(events) for events in drawn]

    def _cut(self, events: list[SentEvent]) -> list[list[SentEvent]]:
        requests = []
        while events:
            size = self._chance.choice(SIZES)
            requests.append(events[:size])
            events = events[size:]
        return requests

    def _event(self, number: int, user: int) -> SentEvent:
        kinds: dict[Callable[[int, str], dict[str, Any]], int] = {
            self._track: 50,
            self._identify: 20,
            self._order: 14,
            self._page: 3,
            self._without_user: 3,
            self._without_ids: 2,
            self._with_taken_code: 3,
        }
        [kind] = self._chance.choices(list(kinds), list(kinds.values()))
        names = ("{}-{}", "{}:ü {}", "{}" + "x" * 200 + "{}")
        name = names[0 if user % 7 else user % 3].format(PERSONAL, user)
        payload = {"userId": name, "messageId": f"m-{number}", **kind(number, name)}
        if self._chance.random() < 0.1:  # noqa: PLR2004 — one in ten
            payload["messageId"] = f"{self._chance.choice(('k:', 'ü ', 'y' * 120))}{number}"
        elif self._chance.random() < 0.05:  # noqa: PLR2004 — one in twenty
            del payload["messageId"]
            payload["timestamp"] = f"2030-01-01T00:00:00.{number:06}Z"
        return self._sent(number, payload)

    def _track(self, number: int, _: str) -> dict[str, Any]:
        properties = {"n": number, "value": self._chance.choice((25.0, "pii@example.com", 3))}
        if self._chance.random() < 0.2:  # noqa: PLR2004 — one in five
            properties["awkward"] = self._chance.choice(AWKWARD)
        return {"type": "track", "event": f"t-{number}", "properties": properties}

    def _identify(self, number: int, _: str) -> dict[str, Any]:
        traits = {"n": f"i-{number}", "email": f"{PERSONAL}@example.com"}
        if self._chance.random() < 0.2:  # noqa: PLR2004 — as above
            traits["awkward"] = self._chance.choice(AWKWARD)
        return {"type": "identify", "traits": traits}

    def _order(self, number: int, user: str) -> dict[str, Any]:
        """Draw a new order, or the user's last one again, as from a page that was reloaded."""
        if user not in self._orders or self._chance.random() < 0.7:  # noqa: PLR2004 — seven in ten
            self._orders[user] = f"o-{number}"
        properties = {"order_id": self._orders[user], "page": number}
        return {"type": "track", "event": "Order Completed", "properties": properties}

    def _page(self, number: int, _: str) -> dict[str, Any]:
        return {"type": "page", "name": f"p-{number}"}

    def _without_user(self, number: int, _: str) -> dict[str, Any]:
        return {"type": "track", "event": f"t-{number}", "userId": None, "anonymousId": "a"}

    def _without_ids(self, number: int, _: str) -> dict[str, Any]:
        return {"type": "track", "event": f"t-{number}", "messageId": None}

    def _with_taken_code(self, number: int, _: str) -> dict[str, Any]:
        return {"type": "identify", "traits": {"n": f"i-{number}", "referral_code": TAKEN_CODE}}

    def _sent(self, number: int, payload: dict[str, Any]) -> SentEvent:
        raw = json.dumps(payload, separators=(",", ":")).encode()
        event = Event.parse(raw)
        key = ids.event_key(event)
        planned = [
            each for each in self._destination.plan(event, 0.0) if not isinstance(each, Drop)
        ]
        delivery = Delivery.of(event, key, planned[0]) if planned and key is not None else None
        effect, expected = _effect(payload, known=key is not None)
        return SentEvent(
            number=number,
            message_id=event.message_id,
            raw=raw,
            effect=effect,
            reward=payload["type"] == "track",
            expected=expected,
            delivery=delivery.id if delivery else None,
            user=delivery.user if delivery else None,
        )


def _effect(payload: dict[str, Any], *, known: bool) -> tuple[str | None, frozenset[str]]:
    if payload["type"] == "page":
        return None, frozenset({"ignored"})
    if payload["userId"] is None or not known:
        return None, frozenset({"dropped"})
    body = payload.get("properties") or payload.get("traits") or {}
    if "\ud800" in str(body.get("awkward")) or "referral_code" in body:
        # The stand-in for Rehook refuses lone surrogates, as strict JSON parsers do.
        expected = frozenset({"parked"})
    else:
        expected = frozenset({"delivered"})
    if payload["type"] == "identify":
        return body["n"], expected
    return body.get("order_id") or payload["event"], expected
