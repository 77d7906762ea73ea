"""Both functions over one set of fakes: what the tests of delivery stand on.

An environment is one running copy of a function, with its own view of breaker, pace and secrets.
Everything else (table, queues, Rehook, time) is the world's, and shared.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from segment_rehook.delivery.assembly import Ports, assemble_ingest, assemble_redrive
from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.delivery.ingest.webhook import Webhook
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.pacing.breaker import Breaker
from segment_rehook.delivery.ports import LedgerUnavailable, QueueUnavailable, SecretsUnavailable
from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.redrive.batch import Redrive
from segment_rehook.delivery.redrive.worked import Worked
from segment_rehook.delivery.settings import IngestSettings, RedriveSettings
from segment_rehook.delivery.stack_parameters import Mode, Secrets
from segment_rehook.rehook.destination import Destination
from segment_rehook.segment.jsontext import encode
from tests.unit.delivery.samples import DESTINATION, body_of, signature
from tools.fakes.faults import Faults
from tools.fakes.queue import FakeQueue, Stored
from tools.fakes.rehook import FakeRehook
from tools.fakes.secrets import SECRETS, FakeSecretStore
from tools.fakes.surroundings import FakeClock, FakeRandomness, FakeTelemetry
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks

HOUR, DAY = 3_600.0, 86_400.0
FUNCTION_SECONDS = 60.0
BUDGET = IngestSettings().budget


@dataclass(frozen=True)
class IngestEnvironment:
    """One running copy of the ingest function."""

    webhook: Webhook
    secrets: FakeSecretStore

    @property
    def breaker(self) -> Breaker:
        """Its view of the breaker."""
        return self.webhook.ingest.caller.breaker


@dataclass(frozen=True)
class RedriveEnvironment:
    """One running copy of the redrive function."""

    redrive: Redrive
    secrets: FakeSecretStore

    @property
    def breaker(self) -> Breaker:
        """Its view of the breaker."""
        return self.redrive.attempts.caller.breaker


class World:
    """The fakes, and environments over them. `policy`: for calls with an unknown outcome."""

    def __init__(
        self,
        *,
        policy: str = "retry",
        ordered: bool = True,
        workers: int = 1,
        destination: Destination = DESTINATION,
        threshold: int = 5,
        clock: FakeClock | None = None,
        threads: Callable[[int], Executor] = ThreadPoolExecutor,
    ) -> None:
        self.clock = clock or FakeClock()
        self.table = Faults(LedgerUnavailable)
        self.queues = Faults(QueueUnavailable)
        self.ssm = Faults(SecretsUnavailable)
        self.marks = FakeUserMarks(self.table)
        self.ledger = FakeLedger(self.table, self.marks)
        self.breaker = FakeBreakerStore(self.table)
        self.lot = FakeQueue(
            clock=self.clock, name="parking", faults=self.queues, retention=14 * DAY
        )
        self.dead = FakeQueue(
            clock=self.clock,
            name="dead",
            faults=self.queues,
            max_receives=1_000,
            parking=self.lot,
        )
        self.rehook = FakeRehook()
        self.telemetry = FakeTelemetry()
        self.secrets = SECRETS
        self.destination = destination
        self.policy, self.ordered, self.workers = policy, ordered, workers
        self.threshold = threshold
        self.threads = threads
        self._seeds = itertools.count(1)
        self._stores: list[FakeSecretStore] = []

    def store_secrets(self, **changes: Any) -> None:
        """Put other parameters into SSM: each environment sees them when its cache is old."""
        fields = {name: getattr(self.secrets, name) for name in self.secrets.__dataclass_fields__}
        fields |= changes
        self.secrets = Secrets(**{**fields, "mode": Mode(fields["mode"])})
        for store in self._stores:
            store.stored = self.secrets

    def ingest(self, *, threaded: bool = False) -> IngestEnvironment:
        """A fresh environment of ingest. `threaded`: calls to SQS side by side as in production."""
        settings = IngestSettings(**self._settings(), senders=8 if threaded else 1)
        secrets = self._secret_store()
        return IngestEnvironment(
            assemble_ingest(settings, self.destination, self.ports(secrets)), secrets
        )

    def redrive(self) -> RedriveEnvironment:
        """A fresh environment of redrive."""
        settings = RedriveSettings(**self._settings())
        secrets = self._secret_store()
        return RedriveEnvironment(
            assemble_redrive(settings, self.destination, self.ports(secrets)), secrets
        )

    def ports(self, secrets: FakeSecretStore | None = None) -> Ports:
        """The fakes as one environment has them, with a randomness of its own."""
        return Ports(
            ledger=self.ledger,
            user_marks=self.marks,
            breaker_store=self.breaker,
            dead_letters=self.dead,
            parking_lot=self.lot,
            rehook=self.rehook,
            secrets=secrets or self._secret_store(),
            clock=self.clock,
            randomness=FakeRandomness(next(self._seeds)),
            telemetry=self.telemetry,
            threads=self.threads,
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "workers": self.workers,
            "ordered": self.ordered,
            "park_unknown": self.policy == "park",
            "breaker_threshold": self.threshold,
        }

    def post(
        self,
        *events: Mapping[str, Any],
        on: IngestEnvironment | None = None,
        batch: bool | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send events as Segment does: one as an object, several as an array, signed."""
        body = body_of(events, batch=len(events) != 1 if batch is None else batch)
        signed = {"x-signature": signature(encode(dict(events[0])) if events else body)}
        environment = on or self.ingest()
        return environment.webhook.handle(
            "POST", signed if headers is None else headers, body, self.clock.now()
        )

    def poll(
        self, on: RedriveEnvironment | None = None, *, seconds: float = FUNCTION_SECONDS
    ) -> list[Worked]:
        """What the event source does once: receive, invoke, delete what was not reported."""
        environment = on or self.redrive()
        messages = self.dead.receive()
        if not messages:
            return []
        worked = environment.redrive.run(messages, self.clock.monotonic() + seconds)
        # What is not reported as failed is deleted, whether it was worked on or not.
        kept = {each.message.receipt for each in worked if each.kept}
        for message in messages:
            if message.receipt not in kept:
                self.dead.delete(message.receipt)
        return worked

    def drain(self, on: RedriveEnvironment | None = None, most: int = 500) -> None:
        """Poll and let time pass until the dead-letter queue is empty."""
        environment = on or self.redrive()
        for _ in range(most):
            wait = self.dead.next_visible()
            if wait is None:
                return
            self.clock.advance(wait)
            self.poll(environment)
        raise AssertionError(f"not drained after {most} polls: {self.dead.stored()}")

    def record(self, delivery: str) -> Record | None:
        """What the ledger holds of a delivery."""
        return self.ledger.records.get(delivery)

    def parked(self, delivery: str) -> list[Header]:
        """The headers of a delivery's messages in the parking lot."""
        headers = map(header_of, self.lot.stored())
        return [header for header in headers if header.delivery == delivery]

    def _secret_store(self) -> FakeSecretStore:
        store = FakeSecretStore(self.clock, self.secrets, self.ssm)
        self._stores.append(store)
        return store


class InTurn(Executor):
    """A pool that runs what it is given at once: several threads' work, without their races."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it. What it raises is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Daemons(Executor):
    """A pool of daemon threads. Leaving its block does not wait for them."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` on a new thread."""
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 — a pool passes on every error
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future


def header_of(stored: Stored) -> Header:
    """The header of a message at rest."""
    return Header.read(stored.message.attributes)
