"""Sends spooled events: in order for each user, different users side by side, at a pace.

A *round* has the next events of different users. It is one request, or a request for each event
where the stack takes no batches. The next round begins when each event of this one has its answer,
so an event is never sent before an earlier one of its user is settled or stored. What the webhook
could not take is sent again with growing pauses; if that is of no use, the run stops there, and
all that was not sent stays unsent.

The webhook recognises an event that is sent twice, so a run that is killed at any moment can be
made again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from segment_rehook.delivery.ports import Clock
from segment_rehook_cli.archive.spool import Spool, SpooledEvent
from segment_rehook_cli.archive.webhook_client import (
    EventAnswer,
    HttpReply,
    WebhookClient,
    WebhookRefused,
    said,
)
from segment_rehook_cli.terminal.counting import counted

__all__ = ["MAX_ROUND_EVENTS", "Sending"]

MAX_ROUND_EVENTS: Final = 25
"""Few enough that the webhook delivers all of them within its budget, and an answer lists each."""

LOOK_AHEAD: Final = 500
"""Events among which a round finds different users."""

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before an event's second try, its third, and so on; then the run stops."""

MAX_PAUSE_SECONDS: Final = 60.0
"""The longest pause that a Retry-After can ask for."""

_SECONDS: Final = re.compile("[0-9]{1,6}")


class _Stopped(Exception):
    """The webhook did not take some events, however often they were sent; the text says why."""


@dataclass(slots=True)
class Sending:
    """One run. `rate`: events a second. `outcomes`: of the events that were answered.

    `reasons`: of the deliveries that were stored, parked or dropped, by outcome and reason.
    `stopped`: why the run has ended before its end, None if it has not.
    """

    webhook: WebhookClient
    spool: Spool
    clock: Clock
    rate: float
    max_bytes: int
    say: Callable[[str], None]
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: str | None = None

    @property
    def answered(self) -> int:
        """How many events were answered."""
        return self.outcomes.total()

    def run(self, round_end: Callable[[int], None]) -> None:
        """Send all events that wait. Raises KeyboardInterrupt after the requests under way.

        `round_end`: called with the number of answered events after each round.
        """
        due = self.clock.monotonic()
        while events := self._next_round():
            pause = due - self.clock.monotonic()
            if pause > 0:
                self.clock.sleep(pause)
            due = max(due, self.clock.monotonic()) + len(events) / self.rate
            try:
                self._send_round(events)
            except (_Stopped, WebhookRefused) as error:
                self.stopped = str(error)
                return
            finally:
                round_end(self.answered)

    def _next_round(self) -> list[SpooledEvent]:
        limit = max(1, min(MAX_ROUND_EVENTS, int(self.rate)))
        chosen: dict[str | None, SpooledEvent] = {}
        size = 2
        for event in self.spool.waiting(LOOK_AHEAD):
            if event.user in chosen:
                continue
            size += len(event.text or b"") + 1
            if chosen and size > self.max_bytes:
                break  # a later event of this user would overtake it
            chosen[event.user] = event
            if len(chosen) == limit:
                break
        return list(chosen.values())

    def _send_round(self, events: Sequence[SpooledEvent]) -> None:
        """Send events until each is answered. Raises _Stopped and WebhookRefused."""
        for usual in (*PAUSES, None):
            events, why, asked = self._try(events)
            if not events:
                return
            if usual is None:
                raise _Stopped(f"the webhook did not take {counted(len(events), 'event')}: {why}")
            seconds = _pause(usual, asked)
            self.say(
                f"the webhook did not take {counted(len(events), 'event')}: {why}; again in "
                f"{seconds:g} s"
            )
            self.clock.sleep(seconds)

    def _try(self, events: Sequence[SpooledEvent]) -> tuple[list[SpooledEvent], str, str]:
        """Send each event once; give those to be sent again, why, and the answer's Retry-After."""
        size = len(events) if self.webhook.batches else 1
        requests = [events[start : start + size] for start in range(0, len(events), size)]
        jobs: list[Future[list[EventAnswer] | HttpReply]] = []
        try:
            with ThreadPoolExecutor(len(requests)) as pool:
                jobs += (pool.submit(self.webhook.send, _texts(each)) for each in requests)
        except KeyboardInterrupt:  # the requests under way have ended by now
            for sent, job in zip(requests, jobs, strict=False):
                reply = None if job.cancelled() or job.exception() else job.result()
                if isinstance(reply, list):
                    self._settled(sent, reply)
            raise
        left: list[SpooledEvent] = []
        why, asked = "it could neither deliver nor store them", ""
        refused: WebhookRefused | None = None
        for sent, job in zip(requests, jobs, strict=True):
            try:
                reply = job.result()
            except WebhookRefused as error:
                refused = error
                continue
            if isinstance(reply, HttpReply):
                left += sent
                why, asked = said(reply), reply.retry_after
            else:
                left += self._settled(sent, reply)
        if refused is not None:
            raise refused
        return left, why, asked

    def _settled(
        self, events: Sequence[SpooledEvent], answers: Sequence[EventAnswer]
    ) -> list[SpooledEvent]:
        """Count and forget what was taken; give what is to be sent again."""
        failed: list[SpooledEvent] = []
        for event, answer in zip(events, answers, strict=True):
            if answer.failed:
                failed.append(event)
                continue
            self.spool.sent([event.number])
            self.outcomes[answer.outcome] += 1
            if answer.outcome != "delivered":
                self.reasons.update((answer.outcome, reason) for reason in answer.reasons)
        return failed


def _texts(events: Sequence[SpooledEvent]) -> list[bytes]:
    return [event.text or b"" for event in events]


def _pause(usual: float, retry_after: str) -> float:
    asked = float(retry_after) if _SECONDS.fullmatch(retry_after) else 0.0
    return min(max(usual, asked), MAX_PAUSE_SECONDS)
