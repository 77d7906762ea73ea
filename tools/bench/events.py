"""Events: reading them, planning their calls, and a whole batch over stores in memory."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import TYPE_CHECKING

from segment_rehook.delivery.assembly import Ports, assemble_ingest
from segment_rehook.delivery.settings import IngestSettings
from segment_rehook.rehook.destination import load
from segment_rehook.segment import jsontext
from segment_rehook.segment.event import Event
from tools.bench.measure import Comparison, compare
from tools.fakes.queue import FakeQueue
from tools.fakes.rehook import FakeRehook
from tools.fakes.secrets import SECRETS, FakeSecretStore
from tools.fakes.surroundings import FakeClock, FakeRandomness, FakeTelemetry
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.delivery.ingest.webhook import Webhook

SAMPLE = Path(__file__).parents[2] / "events" / "track-order-completed.json"
TIMES = 2_000
BATCH = 1_000


def comparisons() -> Iterator[Comparison]:
    """Each next to what the standard library takes to read and write the same JSON."""
    text = json.dumps(json.loads(SAMPLE.read_bytes()), separators=(",", ":")).encode()
    destination = load(None)
    event = Event.parse(text)
    value = json.loads(text)
    bare = "json.loads + json.dumps of the event"

    def loads_dumps() -> None:
        for _ in range(TIMES):
            json.dumps(json.loads(text))

    def parse_plan() -> None:
        for _ in range(TIMES):
            destination.plan(Event.parse(text), 0.0)

    def plan() -> None:
        for _ in range(TIMES):
            destination.plan(event, 0.0)

    yield compare("plan an event that is read", plan, bare, loads_dumps, count=TIMES)
    yield compare("read and plan an event", parse_plan, bare, loads_dumps, count=TIMES)
    yield compare(
        "jsontext.decode",
        lambda: [jsontext.decode(text) for _ in range(TIMES)],
        "json.loads",
        lambda: [json.loads(text) for _ in range(TIMES)],
        count=TIMES,
    )
    yield compare(
        "jsontext.encode",
        lambda: [jsontext.encode(value) for _ in range(TIMES)],
        "json.dumps",
        lambda: [json.dumps(value) for _ in range(TIMES)],
        count=TIMES,
    )
    batch = batch_of(value)
    yield compare(
        f"ingest a batch of {BATCH:,}",
        lambda: ingest(batch),
        "json.loads + json.dumps of the batch",
        lambda: json.dumps(json.loads(batch)),
        count=BATCH,
    )


def batch_of(event: dict[str, object]) -> bytes:
    """Events of as many users."""
    return json.dumps(
        [event | {"messageId": f"m{n}", "userId": f"u{n}"} for n in range(BATCH)]
    ).encode()


def ingest(body: bytes) -> None:
    """One request through everything but AWS and the network."""
    signature = hmac.new(SECRETS.shared_secrets[0].encode(), body, hashlib.sha1).hexdigest()
    headers = {"content-type": "application/json", "x-signature": signature}
    clock = FakeClock()
    answer = webhook(clock).handle("POST", headers, body, clock.now())
    if answer.status != 200 or answer.body["delivered"] != BATCH:  # noqa: PLR2004 — HTTP's own
        raise RuntimeError(f"the batch was not delivered: {answer.status}")


def webhook(clock: FakeClock) -> Webhook:
    """The ingest function over stores in memory."""
    ports = Ports(
        ledger=FakeLedger(),
        user_marks=FakeUserMarks(),
        breaker_store=FakeBreakerStore(),
        dead_letters=FakeQueue(clock=clock),
        parking_lot=FakeQueue(clock=clock),
        rehook=FakeRehook(),
        secrets=FakeSecretStore(clock),
        clock=clock,
        randomness=FakeRandomness(),
        telemetry=FakeTelemetry(),
    )
    return assemble_ingest(IngestSettings(), load(None), ports)
