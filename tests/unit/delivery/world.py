"""Both functions over one set of fakes: what the tests of delivery stand on.

An environment is one running copy of a function, with its own view of breaker, pace and secrets.
Everything else (table, queues, Rehook, time) is the world's, and shared.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.delivery.pacing.breaker import Breaker
from segment_rehook.delivery.courier import Courier, Terms
from segment_rehook.delivery.queues.sending import Sender
from segment_rehook.delivery.ingest.request import Ingest
from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.pacing.pace import Pace
from segment_rehook.delivery.ports import LedgerUnavailable, QueueUnavailable, SecretsUnavailable
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.redrive.attempt import Ages, Redelivery
from segment_rehook.delivery.redrive.batch import Redrive, Worked
from segment_rehook.delivery.queues.parking_lot import ParkingLot
from segment_rehook.delivery.ingest.webhook import Webhook
from segment_rehook.rehook.destination import Destination
from segment_rehook.segment.jsontext import encode
from tests.fakes.faults import Faults
from tests.fakes.queue import FakeQueue, Stored
from tests.fakes.rehook import FakeRehook
from tests.fakes.secrets import SECRETS, FakeSecretStore
from tests.fakes.surroundings import FakeRandomness, FakeClock, FakeTelemetry
from tests.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks
from tests.unit.delivery.samples import DESTINATION, body_of, signature

HOUR, DAY = 3_600.0, 86_400.0
INGEST_LEASE, REDRIVE_LEASE = 30.0, 90.0
INGEST_TIMEOUT, REDRIVE_TIMEOUT = 2.0, 10.0
BUDGET = 4.0
FUNCTION_SECONDS = 60.0


@dataclass(frozen=True)
class IngestEnvironment:
    """One running copy of the ingest function."""

    webhook: Webhook
    courier: Courier


@dataclass(frozen=True)
class RedriveEnvironment:
    """One running copy of the redrive function, with its secrets for the mode."""

    redrive: Redrive
    courier: Courier
    secrets: FakeSecretStore

    def paused(self) -> bool:
        """As the handler has it: without secrets nothing can be delivered."""
        try:
            return self.secrets.read().mode != "deliver"
        except SecretsUnavailable:
            return True


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
    ) -> None:
        self.clock = clock or FakeClock()
        self.table = Faults(LedgerUnavailable)
        self.queues = Faults(QueueUnavailable)
        self.ssm = Faults(SecretsUnavailable)
        self.ledger = FakeLedger(self.table)
        self.marks = FakeUserMarks(self.table)
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
        self._seeds = itertools.count(1)
        self._stores: list[FakeSecretStore] = []

    def store_secrets(self, **changes: Any) -> None:
        """Put other parameters into SSM: each environment sees them when its cache is old."""
        fields = {name: getattr(self.secrets, name) for name in self.secrets.__dataclass_fields__}
        self.secrets = type(self.secrets)(**{**fields, **changes})
        for store in self._stores:
            store.stored = self.secrets

    def ingest(self, *, threaded: bool = False) -> IngestEnvironment:
        """A fresh environment of ingest. `threaded`: calls to SQS side by side as in production."""
        secrets = self._secret_store()
        courier = self.courier(secrets, lease=INGEST_LEASE, call_timeout=INGEST_TIMEOUT)
        senders = 8 if threaded else 1
        webhook = Webhook(
            ingest=Ingest(
                courier=courier,
                marks=self.marks,
                dead_letters=Sender(self.dead, self.telemetry, senders),
                parking=Sender(self.lot, self.telemetry, senders),
                ordered=self.ordered,
                workers=self.workers,
            ),
            destination=self.destination,
            secrets=secrets,
            clock=self.clock,
            telemetry=self.telemetry,
            budget=BUDGET,
            max_body_bytes=6_000_000,
            batches_need_token=False,
        )
        return IngestEnvironment(webhook, courier)

    def redrive(self) -> RedriveEnvironment:
        """A fresh environment of redrive."""
        secrets = self._secret_store()
        courier = self.courier(
            secrets, lease=REDRIVE_LEASE, call_timeout=REDRIVE_TIMEOUT, heeds_throttling=False
        )
        redrive = Redrive(
            redelivery=Redelivery(
                courier=courier,
                marks=self.marks,
                parking=ParkingLot(Sender(self.lot, self.telemetry)),
                destination=self.destination,
                pace=Pace(self.clock),
                ages=Ages(give_up=72 * HOUR, last_call=9 * DAY),
            ),
            dead_letters=self.dead,
            workers=self.workers,
        )
        return RedriveEnvironment(redrive, courier, secrets)

    def courier(
        self,
        secrets: FakeSecretStore | None = None,
        *,
        lease: float = INGEST_LEASE,
        call_timeout: float = INGEST_TIMEOUT,
        heeds_throttling: bool = True,
    ) -> Courier:
        """A courier with a breaker and a chance of its own."""
        chance = FakeRandomness(next(self._seeds))
        return Courier(
            ledger=self.ledger,
            rehook=self.rehook,
            secrets=secrets or self._secret_store(),
            breaker=Breaker(
                self.breaker,
                self.clock,
                chance,
                self.telemetry,
                threshold=self.threshold,
                heeds_throttling=heeds_throttling,
            ),
            clock=self.clock,
            chance=chance,
            telemetry=self.telemetry,
            terms=Terms(
                call_timeout=call_timeout,
                lease=lease,
                keep=int(45 * DAY),
                park_unknown=self.policy == "park",
            ),
        )

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
        paused = environment.paused()
        until = self.clock.monotonic() + seconds
        worked = environment.redrive.run(messages, until, paused=paused)
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


def header_of(stored: Stored) -> Header:
    """The header of a message at rest."""
    return Header.read(stored.message.attributes)
