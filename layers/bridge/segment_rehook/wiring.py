"""The one place where everything is built. Importing any other module touches nothing.

`ingest()` and `redrive()` read the environment and destination.json, and refuse to start when
either has a mistake: a function that can't do its work must not answer 200.
"""

from __future__ import annotations

import os
import random
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segment_rehook import __version__
from segment_rehook.aws.clients import client
from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoMarks, Table
from segment_rehook.aws.gateway import http_answer, webhook_request
from segment_rehook.aws.settings import DAY, IngestSettings, RedriveSettings, Settings
from segment_rehook.aws.sqs import SqsQueue, received
from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.aws.telemetry import LambdaTelemetry
from segment_rehook.delivery.answer import HttpAnswer
from segment_rehook.delivery.breaker import Breaker
from segment_rehook.delivery.courier import Courier, Terms
from segment_rehook.delivery.dispatch import Dispatch
from segment_rehook.delivery.ingest import Ingest
from segment_rehook.delivery.pace import Pace
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook.delivery.redeliver import Ages, Redelivery
from segment_rehook.delivery.redrive import Redrive
from segment_rehook.delivery.undeliverable import ParkingLot
from segment_rehook.delivery.webhook import Webhook
from segment_rehook.mapping.shape import Misshape
from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.destination import Destination, DestinationInvalid, load
from segment_rehook.rehook.referral import ResendWithoutCode
from segment_rehook.segment.jsontext import encode
from segment_rehook.segment.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.delivery.ports import Rehook

INGEST_LEASE, REDRIVE_LEASE = 30.0, 90.0
# Seconds after which Segment's Webhooks (Actions) destination, which waits for ten, may be gone.
LISTENS = 9.0


class SystemClock:
    """The port `Clock`."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class SystemChance:
    """The port `Chance`."""

    uniform = staticmethod(random.uniform)

    @staticmethod
    def nonce() -> str:
        """A random UUID."""
        return uuid.uuid4().hex


class Stack:
    """What both functions share."""

    def __init__(self, settings: Settings, *, lease: float, heeds_throttling: bool) -> None:
        threads = settings.workers + 1
        sqs = client("sqs", connections=threads)
        ssm = client("ssm", connections=1)
        self.clock, self.chance = SystemClock(), SystemChance()
        table = Table(client("dynamodb", connections=threads), settings.ledger_table, self.clock)
        self.telemetry = LambdaTelemetry(
            service=settings.service,
            namespace=settings.metrics_namespace,
            level=settings.log_level,
        )
        self.destination = _destination(settings.destination_file)
        self.secrets = SsmSecretStore(ssm, settings.secrets_path, self.clock, self.telemetry)
        self.marks = DynamoMarks(table, self.clock, keep=settings.ledger_keep)
        self.dead_letters = SqsQueue(sqs, settings.dead_letter_queue_url)
        self.parking = Dispatch(SqsQueue(sqs, settings.parking_lot_url), self.telemetry)
        breaker = Breaker(
            DynamoBreakerStore(table),
            self.clock,
            self.chance,
            self.telemetry,
            threshold=settings.breaker_threshold,
            heeds_throttling=heeds_throttling,
        )
        self.courier = Courier(
            ledger=DynamoLedger(table),
            rehook=self._rehook(settings, connections=threads),
            secrets=self.secrets,
            breaker=breaker,
            clock=self.clock,
            chance=self.chance,
            telemetry=self.telemetry,
            terms=Terms(
                call_timeout=settings.call_timeout,
                lease=lease,
                keep=settings.ledger_keep,
                park_unknown=settings.unknown_policy == "park",
            ),
        )

    def _rehook(self, settings: Settings, *, connections: int) -> Rehook:
        client = RehookClient(
            settings.rehook_url,
            self._key_pair,
            connections=connections,
            trusts_503=settings.trusts_503,
        )
        resend = self.destination.settings.referral_conflict == "resend"
        return ResendWithoutCode(client) if resend else client

    def _key_pair(self) -> tuple[str, str]:
        secrets = self.secrets.read()
        return secrets.api_key, secrets.api_secret


def ingest() -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """Build the function that API Gateway calls."""
    settings = IngestSettings.read(os.environ)
    stack = Stack(settings, lease=INGEST_LEASE, heeds_throttling=True)
    webhook = Webhook(
        ingest=Ingest(
            courier=stack.courier,
            marks=stack.marks,
            dead_letters=Dispatch(stack.dead_letters, stack.telemetry),
            parking=stack.parking,
            ordered=settings.ordering,
            workers=settings.workers,
            grace=LISTENS - settings.budget,
        ),
        destination=stack.destination,
        secrets=stack.secrets,
        clock=stack.clock,
        telemetry=stack.telemetry,
        budget=settings.budget,
        max_body_bytes=settings.max_body_bytes,
        batches_need_token=settings.batch_needs_token,
    )

    def answer(event: Mapping[str, Any]) -> HttpAnswer:
        try:
            request = webhook_request(event)
        except Refusal as refused:
            return webhook.refuse(refused)
        if request.path.endswith("/health"):
            return HttpAnswer(200, {"status": "ok", "version": __version__})
        return webhook.handle(request.method, request.headers, request.body, request.received_at)

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        with stack.telemetry.invocation(context.aws_request_id):
            given = answer(event)
            headers = {"content-type": "application/json", **given.headers}
            return http_answer(given.status, headers, encode(given.body))

    return handler


def redrive() -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """Build the function that takes the dead letters."""
    settings = RedriveSettings.read(os.environ)
    stack = Stack(settings, lease=REDRIVE_LEASE, heeds_throttling=False)
    work = Redrive(
        redelivery=Redelivery(
            courier=stack.courier,
            marks=stack.marks,
            parking=ParkingLot(stack.parking),
            destination=stack.destination,
            pace=Pace(stack.clock),
            ages=Ages(give_up=settings.give_up_after, last_call=settings.queue_retention - DAY),
        ),
        dead_letters=stack.dead_letters,
        workers=settings.workers,
    )

    def paused() -> bool:
        try:
            return stack.secrets.read().mode != "deliver"
        except SecretsUnavailable as error:
            stack.telemetry.warn(str(error))
            stack.telemetry.count("SecretsUnavailable")
            return True

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        with stack.telemetry.invocation(context.aws_request_id):
            until = stack.clock.monotonic() + context.get_remaining_time_in_millis() / 1000
            messages = [received(record) for record in event["Records"]]
            worked = work.run(messages, until, paused=paused())
            for each in worked:
                each.report(stack.telemetry)
            kept = [{"itemIdentifier": each.message.message_id} for each in worked if each.kept]
            return {"batchItemFailures": kept}

    return handler


def _destination(file: str) -> Destination:
    """The rules that were deployed. Raises DestinationInvalid; none at all is a mistake too.

    Segment's defaults are for trying things; nobody chose them for a function that gives rewards.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise DestinationInvalid(
            [
                Misshape(
                    file,
                    f"can't be read ({type(error).__name__}): the function needs the layer with"
                    " destination.json. Build and deploy layers/destination with the stack"
                    " (`make build`, `sam deploy`), or set DESTINATION_FILE to where the file is.",
                )
            ]
        ) from error
    return load(content)
