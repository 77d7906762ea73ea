"""Our half in memory: planning, ingest, calls over HTTP, the mapping language.

The ports are the fakes that the tests use, without what only tests need: orders to fail, hooks and
counts of calls.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from segment_rehook.delivery.assembly import Ports, assemble_ingest
from segment_rehook.delivery.settings import IngestSettings
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.mapping.stringify import stringify
from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.destination import load
from segment_rehook.segment.event import Event
from tools.bench import inputs
from tools.bench.job import batch_of, lines_of, requests_of, timed
from tools.fakes.queue import FakeQueue
from tools.fakes.rehook import DELIVERED, FakeRehook
from tools.fakes.secrets import FakeSecretStore
from tools.fakes.surroundings import FakeClock, FakeRandomness, FakeTelemetry
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from segment_rehook.delivery.ingest.webhook import Webhook
    from segment_rehook.delivery.ledger.record import Swap
    from segment_rehook.delivery.ports import Change, LedgerUnavailable, Rehook
    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.reply import Reply
    from tools.bench.job import Job

MAX_BODY_BYTES = 50_000_000  # growth is measured beyond what Lambda hands over
BUDGET_SECONDS = 60.0
COPIES = 64


class QuickLedger(FakeLedger):
    """The ledger's fake without `Faults`."""

    def swap(self, changes: Sequence[Change]) -> list[Swap | LedgerUnavailable]:
        """Make the changes."""
        return [self._swap(each.new, each.was) for each in changes]


class QuickMarks(FakeUserMarks):
    """The marks' fake without `Faults`."""

    def read(self, users: Collection[str]) -> dict[str, str]:
        """The marked ones among `users`."""
        return self._read(users)


class QuickRehook(FakeRehook):
    """A Rehook that delivers everything, as the `fetch` of Segment's side does."""

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:  # noqa: ARG002 — the port's
        """Deliver."""
        self.books.append(request)
        return DELIVERED.reply


def memory_single(events: str, destination: str | None = None) -> Job:
    """One event a request."""
    return _memory(lines_of(events), destination)


def memory_batch(events: str, size: int) -> Job:
    """So many events in each request."""
    return _memory(requests_of(lines_of(events), size))


def _memory(bodies: list[bytes], destination: str | None = None) -> Job:
    count = sum(len(_listed(body)) for body in bodies)
    requests = [(inputs.signed(body), body) for body in bodies]

    def run() -> dict[str, object]:
        clock = FakeClock()
        rehook = QuickRehook()
        webhook = _webhook(rehook, clock, destination)

        def work() -> int:
            for headers, body in requests:
                webhook.handle("POST", headers, body, clock.now())
            return len(rehook.books)

        return timed(count, work)

    return run


def plan(events: str) -> Job:
    """Reading and planning alone."""
    lines = lines_of(events)
    destination = load(None)

    def work() -> int:
        return sum(len(destination.plan(Event.parse(line), 0.0)) for line in lines)

    return lambda: timed(len(lines), work)


def http_batch(events: str, url: str, workers: int) -> Job:
    """All events in one request, calls over HTTP, the ledger in memory."""
    lines = lines_of(events)
    body, count = batch_of(lines), len(lines)
    headers = inputs.signed(body)
    client = RehookClient(url, lambda: ("key-1", "secret-1"), connections=workers + 1)

    def run() -> dict[str, object]:
        webhook = _webhook(client, FakeClock(), None, workers=workers)

        def work() -> int:
            answer = webhook.handle("POST", headers, body, FakeClock().now())
            return int(str(answer.body["delivered"]))

        return timed(count, work)

    return run


def language(
    input: Any,  # noqa: A002 — as `segment-rehook evaluate` names it
    times: int,
    mapping: Any = None,
    fql: str | None = None,
) -> Job:
    """One case of the language, `times` over; `output` is what it gives before that."""
    once: Callable[[Any], Any] = (
        compile_mapping(mapping) if fql is None else compile_trigger(fql).holds
    )
    output = once(input) if fql is not None else json.loads(str(stringify(once(input))))

    copies = [deepcopy(input) for _ in range(COPIES)]

    def work() -> int:
        for number in range(times):
            once(copies[number % COPIES])
        return times

    return lambda: timed(times, work) | {"output": output}


def _webhook(
    rehook: Rehook, clock: FakeClock, destination: str | None, *, workers: int = 16
) -> Webhook:
    ports = Ports(
        ledger=QuickLedger(),
        user_marks=QuickMarks(),
        breaker_store=FakeBreakerStore(),
        dead_letters=FakeQueue(clock=clock),
        parking_lot=FakeQueue(clock=clock),
        rehook=rehook,
        secrets=FakeSecretStore(clock),
        clock=clock,
        randomness=FakeRandomness(),
        telemetry=FakeTelemetry(),
    )
    settings = IngestSettings(
        workers=workers, budget=BUDGET_SECONDS, listens=70.0, max_body_bytes=MAX_BODY_BYTES
    )
    return assemble_ingest(settings, load(destination.encode() if destination else None), ports)


def _listed(body: bytes) -> list[object]:
    read = json.loads(body)
    return read if isinstance(read, list) else [read]
