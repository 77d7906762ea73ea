"""The requests of a sandbox and their answers, as far as they are kept, and the events in them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.envelope import open_envelope
from segment_rehook.segment.event import Event
from segment_rehook.segment.refusal import Refusal
from tools.console.rows import MAX_TEXT, EventFacts

if TYPE_CHECKING:
    from tools.sandbox.http_api import Exchange

__all__ = ["KeptExchanges", "events_of", "facts_of"]

MAX_EXCHANGES: Final = 20_000
MAX_BODY_BYTES: Final = 64 * 1024**2
"""Of the bodies of all requests that are kept, together."""


_REFUSED: Final = range(400, 500)


class KeptExchanges:
    """The newest exchanges. Not safe to use from several threads at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Exchange] = OrderedDict()
        self._bytes = 0

    def put(self, exchange: Exchange) -> None:
        """Keep an exchange as it is now; the oldest ones make room."""
        known = exchange.id in self._kept
        if exchange.response is not None and not known:
            return  # others have pushed it out meanwhile
        self._kept[exchange.id] = exchange
        self._bytes += 0 if known else len(exchange.request.body)
        while len(self._kept) > 1 and (
            len(self._kept) > MAX_EXCHANGES or self._bytes > MAX_BODY_BYTES
        ):
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.request.body)

    def get(self, request_id: str) -> Exchange | None:
        """Give an exchange by API Gateway's request id."""
        return self._kept.get(request_id)

    def bodies(self) -> list[bytes]:
        """Give the bodies of those that were not refused, newest first."""
        return [
            each.request.body
            for each in reversed(self._kept.values())
            if each.response is None or each.response.status not in _REFUSED
        ]


def events_of(body: bytes) -> list[Event]:
    """Give the events of a body; none where the webhook refuses it."""
    try:
        return [each for each in open_envelope(body).elements if isinstance(each, Event)]
    except Refusal:
        return []


def facts_of(body: bytes) -> dict[str | None, EventFacts]:
    """Give what rows show of a body's events, by their message ids."""
    return {
        each.message_id: EventFacts(_cut(each.type), _cut(each.name), _cut(each.member("userId")))
        for each in events_of(body)
    }


def _cut(value: object) -> str | None:
    return value[:MAX_TEXT] if isinstance(value, str) else None
