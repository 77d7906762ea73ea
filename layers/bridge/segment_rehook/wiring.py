"""The one place where the real ports are built. Importing a module builds and opens nothing.

`ingest()` and `redrive()` read the environment and destination.json, and raise if either has a
mistake: a function that can't do its work must not start and answer 200.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from segment_rehook.aws.access import Access
from segment_rehook.aws.checked_handler import CheckedHandler
from segment_rehook.aws.clients import Clients
from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoUserMarks
from segment_rehook.aws.handlers import IngestHandler, RedriveHandler
from segment_rehook.aws.marshaller import replace_marshaller
from segment_rehook.aws.settings import ingest_settings, redrive_settings
from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.aws.system import SystemClock, SystemRandomness
from segment_rehook.aws.table import Table
from segment_rehook.aws.version_failures import VersionTelemetry
from segment_rehook.delivery.assembly import Ports, assemble_ingest, assemble_redrive
from segment_rehook.delivery.version_check import VersionCheck
from segment_rehook.mapping.schema_check import Misshape
from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.destination import Destination, DestinationInvalid, load
from segment_rehook.rehook.referral import ResendWithoutCode

if TYPE_CHECKING:
    from segment_rehook.aws.settings import StackSettings
    from segment_rehook.delivery.ports import Rehook, SecretStore
    from segment_rehook.delivery.settings import SharedSettings


def ingest() -> CheckedHandler:
    """Build the function that API Gateway calls."""
    _prepare_process()
    stack, settings = ingest_settings(os.environ)
    destination, telemetry = _destination(stack.destination_file), _telemetry(stack)
    ports = _ports(stack, settings, destination, telemetry)
    handler = IngestHandler(assemble_ingest(settings, destination, ports), telemetry)
    return CheckedHandler(handler, _check(settings, destination, ports))


def redrive() -> CheckedHandler:
    """Build the function that handles the dead letters."""
    _prepare_process()
    stack, settings = redrive_settings(os.environ)
    destination, telemetry = _destination(stack.destination_file), _telemetry(stack)
    ports = _ports(stack, settings, destination, telemetry)
    worker = assemble_redrive(settings, destination, ports)
    handler = RedriveHandler(worker, telemetry, ports.clock)
    return CheckedHandler(handler, _check(settings, destination, ports))


def _prepare_process() -> None:
    replace_marshaller()
    # What is loaded so far is never garbage. A full collection that looks at it takes 4 ms.
    gc.freeze()


def _check(settings: SharedSettings, destination: Destination, ports: Ports) -> VersionCheck:
    return VersionCheck(
        destination=destination,
        secrets=ports.secrets,
        rehook=ports.rehook,
        clock=ports.clock,
        timeout=settings.call_timeout,
    )


def _ports(
    stack: StackSettings,
    settings: SharedSettings,
    destination: Destination,
    telemetry: VersionTelemetry,
) -> Ports:
    threads = settings.workers + 1
    clock, randomness = SystemClock(), SystemRandomness()
    clients = Clients(Access.read(os.environ, stack.url_suffix), clock, randomness)
    table = Table(clients.dynamodb(connections=threads), stack.ledger_table, clock, telemetry)
    sqs = clients.sqs(connections=threads)
    secrets = SsmSecretStore(clients.ssm(connections=1), stack.secrets_path, clock, telemetry)
    return Ports(
        ledger=DynamoLedger(table),
        user_marks=DynamoUserMarks(table, clock, keep=settings.ledger_keep),
        breaker_store=DynamoBreakerStore(table),
        dead_letters=SqsQueue(sqs, stack.dead_letter_queue_url),
        parking_lot=SqsQueue(sqs, stack.parking_lot_url),
        rehook=_rehook(stack, destination, secrets, connections=threads),
        secrets=secrets,
        clock=clock,
        randomness=randomness,
        telemetry=telemetry,
    )


def _rehook(
    stack: StackSettings, destination: Destination, secrets: SecretStore, *, connections: int
) -> Rehook:
    def key_pair() -> tuple[str, str]:
        read = secrets.read()
        return read.api_key, read.api_secret

    client: Rehook = RehookClient(
        stack.rehook_url, key_pair, connections=connections, trusts_503=stack.trusts_503
    )
    if stack.tracing:
        from segment_rehook.aws.tracing import TracedRehook  # noqa: PLC0415 — off, it costs no start

        host = stack.rehook_url.partition("://")[2]
        client = TracedRehook(client, host, SystemClock(), os.environ)
    resend = destination.settings.referral_conflict == "resend"
    return ResendWithoutCode(client) if resend else client


def _telemetry(stack: StackSettings) -> VersionTelemetry:
    return VersionTelemetry(
        service=stack.service,
        namespace=stack.metrics_namespace,
        level=stack.log_level,
        version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        traced=stack.tracing,
    )


def _destination(file: str) -> Destination:
    """Read the rules that were deployed. Raises DestinationInvalid, also if the file is missing.

    Segment's defaults are for experiments. A function that gives rewards needs chosen rules.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise DestinationInvalid(
            [
                Misshape(
                    file,
                    f"can't be read ({type(error).__name__}): the function needs the layer with"
                    " this file. Put the file that the parameter Destination names into"
                    " layers/destination, then build and deploy (`make build`, `sam deploy`).",
                )
            ]
        ) from error
    return load(content)
