"""Builds both functions over ports. Production, the tests and the benchmarks all use it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.caller import Caller
from segment_rehook.delivery.ingest.pipeline import LEDGER_THREADS
from segment_rehook.delivery.ingest.request import Ingest
from segment_rehook.delivery.ingest.webhook import Webhook
from segment_rehook.delivery.ledger.claims import Claims
from segment_rehook.delivery.pacing.breaker import Breaker
from segment_rehook.delivery.pacing.pace import Pace
from segment_rehook.delivery.queues.parking_lot import ParkingLot
from segment_rehook.delivery.queues.sending import Sender
from segment_rehook.delivery.redrive.attempt import RedriveAttempts
from segment_rehook.delivery.redrive.batch import Redrive

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from segment_rehook.delivery.ports import (
        BreakerStore,
        Clock,
        Ledger,
        Queue,
        Randomness,
        Rehook,
        SecretStore,
        Telemetry,
        UserMarks,
    )
    from segment_rehook.delivery.settings import IngestSettings, RedriveSettings, SharedSettings
    from segment_rehook.rehook.destination import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world outside, as far as delivery needs it.

    `threads`: makes a pool of threads, of a given size.
    """

    ledger: Ledger
    user_marks: UserMarks
    breaker_store: BreakerStore
    dead_letters: Queue
    parking_lot: Queue
    rehook: Rehook
    secrets: SecretStore
    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    threads: Callable[[int], Executor] = ThreadPoolExecutor


def assemble_ingest(settings: IngestSettings, destination: Destination, ports: Ports) -> Webhook:
    """Build what answers Segment. Nothing is read, called or started."""
    return Webhook(
        ingest=Ingest(
            claims=_claims(settings, ports),
            caller=_caller(settings, ports, heeds_throttling=True),
            marks=ports.user_marks,
            dead_letters=Sender(ports.dead_letters, ports.telemetry, settings.senders),
            parking_lot=Sender(ports.parking_lot, ports.telemetry, settings.senders),
            ordered=settings.ordered,
            workers=settings.workers,
            pool=ports.threads(settings.workers + LEDGER_THREADS),
            grace=settings.listens - settings.budget,
            park_unknown=settings.park_unknown,
        ),
        destination=destination,
        secrets=ports.secrets,
        clock=ports.clock,
        telemetry=ports.telemetry,
        budget=settings.budget,
        max_body_bytes=settings.max_body_bytes,
        batches_need_token=settings.batches_need_token,
    )


def assemble_redrive(settings: RedriveSettings, destination: Destination, ports: Ports) -> Redrive:
    """Build what works on the dead letters. Nothing is read, called or started."""
    return Redrive(
        attempts=RedriveAttempts(
            claims=_claims(settings, ports),
            caller=_caller(settings, ports, heeds_throttling=False),
            marks=ports.user_marks,
            parking_lot=ParkingLot(Sender(ports.parking_lot, ports.telemetry, settings.senders)),
            destination=destination,
            pace=Pace(ports.clock),
            give_up_after=settings.give_up_after,
            hard_stop=settings.hard_stop,
            park_unknown=settings.park_unknown,
        ),
        dead_letters=ports.dead_letters,
        secrets=ports.secrets,
        pool=ports.threads(settings.workers),
    )


def _claims(settings: SharedSettings, ports: Ports) -> Claims:
    return Claims(
        ledger=ports.ledger,
        clock=ports.clock,
        randomness=ports.randomness,
        telemetry=ports.telemetry,
        lease=settings.lease,
        keep=settings.ledger_keep,
    )


def _caller(settings: SharedSettings, ports: Ports, *, heeds_throttling: bool) -> Caller:
    return Caller(
        rehook=ports.rehook,
        secrets=ports.secrets,
        breaker=Breaker(
            ports.breaker_store,
            ports.clock,
            ports.randomness,
            ports.telemetry,
            threshold=settings.breaker_threshold,
            heeds_throttling=heeds_throttling,
        ),
        clock=ports.clock,
        telemetry=ports.telemetry,
        timeout=settings.call_timeout,
    )
