"""A model of Segment: sends the load, retries what failed, and keeps the answers.

It retries after 5xx, 429, a time-out and a lost connection, never after 200 or another 4xx. Each
lane sends one request after the other, so that a user's events are sent in order. Some requests are
sent once more at any time, as Segment may do.
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

    from tools.faults.load import SentEvent
    from tools.sandbox.segment import Reply

RETRIED = frozenset({429, *range(500, 600)}) - {501}
DUPLICATED = 0.08
"""The share of requests that are sent once more beforehand, and as many afterwards."""


@dataclass(slots=True)
class EventAnswers:
    """All that Segment was answered for one event.

    `entries`: what each answer of 200 says of the event. `sent_at`, `accepted_at`: when it was sent
    and answered 200 for the first time, in monotonic seconds.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    sent_at: float | None = None
    accepted_at: float | None = None


class SegmentSender:
    """Sends requests to a webhook. `timeout`: of a request, in seconds."""

    def __init__(self, url: str, secret: str, seed: int, *, timeout: float) -> None:
        self._segment = Segment(url, secret, timeout=timeout)
        self._seed = seed
        self._lock = threading.Lock()
        self._duplicates = ThreadPoolExecutor(2)
        self.events: dict[int, EventAnswers] = defaultdict(EventAnswers)
        self.answers: Counter[str] = Counter()
        self.discarded: list[tuple[int, str]] = []
        """Answers after which Segment gives events up: status and text."""
        self.settled = 0
        """How many requests have their final answer."""

    def send(self, lanes: Sequence[Sequence[list[SentEvent]]], wanted: Callable[[], bool]) -> None:
        """Send all lanes side by side. Retries end with a final answer, or when not `wanted`."""
        with ThreadPoolExecutor(len(lanes)) as pool:
            for sending in [
                pool.submit(self._send_lane, lane, number, wanted)
                for number, lane in enumerate(lanes)
            ]:
                sending.result()

    def close(self) -> None:
        """Wait for the duplicates, and close the connections."""
        self._duplicates.shutdown()
        self._segment.close()

    def _send_lane(
        self, requests: Sequence[list[SentEvent]], number: int, wanted: Callable[[], bool]
    ) -> None:
        chance = random.Random(f"{self._seed} {number}")
        for events in requests:
            if chance.random() < DUPLICATED:
                self._duplicates.submit(self._once, events)
            self._until_final(events, chance, wanted)
            if chance.random() < DUPLICATED:
                self._duplicates.submit(self._once, events)

    def _until_final(
        self, events: list[SentEvent], chance: random.Random, wanted: Callable[[], bool]
    ) -> None:
        pause = 0.2
        while not self._once(events) and wanted():
            time.sleep(chance.uniform(pause / 2, pause))
            pause = min(pause * 1.6, 2.0)
        with self._lock:
            self.settled += 1

    def _once(self, events: list[SentEvent]) -> bool:
        """Send the request once. True if the answer is final."""
        now = time.monotonic()
        with self._lock:
            for event in events:
                of_event = self.events[event.number]
                of_event.sent_at = now if of_event.sent_at is None else of_event.sent_at
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

    def _note(self, events: list[SentEvent], reply: Reply) -> bool:
        retried = reply.status in RETRIED
        with self._lock:
            self.answers[str(reply.status)] += 1
            if reply.status == 200:  # noqa: PLR2004 — HTTP's own figure
                for event, entry in zip(events, reply.body["events"], strict=True):
                    of_event = self.events[event.number]
                    of_event.entries.append(entry)
                    if of_event.accepted_at is None:
                        of_event.accepted_at = time.monotonic()
            elif not retried:
                self.discarded.append((reply.status, reply.text))
        return not retried
