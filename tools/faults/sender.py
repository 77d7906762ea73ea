"""A model of Segment: sends the load, tries again what failed, and remembers what it was told.

It tries again after 5xx, 429, a time-out and a lost connection, never after 200 or another 4xx.
Each lane sends one request after the other, so that a user's events leave in order; some requests
are sent once more at any time, as Segment's at-least-once delivery may.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import urllib3

from tools.sandbox.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.faults.load import Sent
    from tools.sandbox.segment import Reply

AGAIN = frozenset({429, *range(500, 600)}) - {501}
SENT_TWICE = 0.08


@dataclass(slots=True)
class Told:
    """All that Segment was told of one event. ``at`` (monotonic): when it was first told 200."""

    events: list[dict[str, Any]] = field(default_factory=list)
    sent_at: float | None = None
    at: float | None = None


class Sender:
    """Segment, pointed at a webhook."""

    def __init__(self, url: str, secret: str, seed: int, *, timeout: float) -> None:
        self._segment = Segment(url, secret, timeout=timeout)
        self._seed = seed
        self._lock = threading.Lock()
        self._twice = ThreadPoolExecutor(2)
        self.told: dict[int, Told] = defaultdict(Told)
        self.answers: Counter[str] = Counter()
        self.discarded: list[tuple[int, str]] = []
        """Answers that made Segment give events up: status and text."""
        self.settled = 0
        """Requests that came to a final answer."""

    def send(self, lanes: Sequence[Sequence[list[Sent]]], wanted: Callable[[], bool]) -> None:
        """Send all lanes side by side; returns when each request has its 200, or is unwanted."""
        with ThreadPoolExecutor(len(lanes)) as pool:
            for sending in [
                pool.submit(self._send_lane, lane, number, wanted)
                for number, lane in enumerate(lanes)
            ]:
                sending.result()

    def close(self) -> None:
        """Wait for what was sent twice, and close the connections."""
        self._twice.shutdown()
        self._segment.close()

    def _send_lane(
        self, requests: Sequence[list[Sent]], number: int, wanted: Callable[[], bool]
    ) -> None:
        chance = random.Random(f"{self._seed} {number}")
        for events in requests:
            if chance.random() < SENT_TWICE:
                self._twice.submit(self._once, events)
            self._until_taken(events, chance, wanted)
            if chance.random() < SENT_TWICE:
                self._twice.submit(self._once, events)

    def _until_taken(
        self, events: list[Sent], chance: random.Random, wanted: Callable[[], bool]
    ) -> None:
        pause = 0.2
        while not self._once(events) and wanted():
            time.sleep(chance.uniform(pause / 2, pause))
            pause = min(pause * 1.6, 2.0)
        with self._lock:
            self.settled += 1

    def _once(self, events: list[Sent]) -> bool:
        """One try; whether Segment is done with the request."""
        now = time.monotonic()
        with self._lock:
            for event in events:
                told = self.told[event.number]
                told.sent_at = now if told.sent_at is None else told.sent_at
        body = events[0].raw
        if len(events) > 1:
            body = b"[" + b",".join(event.raw for event in events) + b"]"
        try:
            reply = self._segment.send_signed(body, events[0].raw)
        except urllib3.exceptions.HTTPError as error:
            with self._lock:
                self.answers[type(error).__name__] += 1
            return False
        return self._note(events, reply)

    def _note(self, events: list[Sent], reply: Reply) -> bool:
        again = reply.status in AGAIN
        with self._lock:
            self.answers[str(reply.status)] += 1
            if reply.status == 200:  # noqa: PLR2004 — HTTP's own figure
                for event, entry in zip(events, reply.body["events"], strict=True):
                    told = self.told[event.number]
                    told.events.append(entry)
                    told.at = time.monotonic() if told.at is None else told.at
            elif not again:
                self.discarded.append((reply.status, reply.text))
        return not again
