"""What a worker of ours can be asked to do: each prepares its input and gives what is timed.

`memory_…`: over the ports' fakes. `ingest` and `redrive`: the functions as they are deployed, built
by `wiring` over the real clients, against the bench's servers.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from segment_rehook import wiring
from segment_rehook.delivery.assembly import Ports, assemble_ingest
from segment_rehook.delivery.settings import IngestSettings
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.mapping.stringify import stringify
from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.destination import load
from segment_rehook.segment.event import Event
from tools.bench import inputs
from tools.bench.workers import ask
from tools.fakes.queue import FakeQueue
from tools.fakes.rehook import FakeRehook
from tools.fakes.secrets import FakeSecretStore
from tools.fakes.surroundings import FakeClock, FakeRandomness, FakeTelemetry
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.ingest.webhook import Webhook
    from segment_rehook.delivery.ports import Rehook

    Job = Callable[[], dict[str, object]]

MAX_BODY_BYTES = 50_000_000  # growth is measured beyond what Lambda hands over
BUDGET_SECONDS = 60.0
COPIES = 64
AHEAD_SECONDS = 600.0
CONTEXT = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 60_000)


def timed(count: int, work: Callable[[], int]) -> dict[str, object]:
    """Time `work`, which says how many events it delivered. Seconds."""
    gc.collect()
    cpu, start = time.process_time(), time.perf_counter()
    delivered = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"count": count, "wall": wall, "cpu": cpu, "delivered": delivered}


def logged(count: int, work: Callable[[], int]) -> dict[str, object]:
    """The same, and how many bytes were written to the log: standard output is a file here."""
    before = os.fstat(sys.stdout.fileno()).st_size
    figures = timed(count, work)
    sys.stdout.flush()
    return figures | {"log": os.fstat(sys.stdout.fileno()).st_size - before}


def memory_single(events: str, destination: str | None = None) -> Job:
    """One event a request."""
    return _memory(_lines(events), destination)


def memory_batch(events: str, size: int) -> Job:
    """So many events in each request."""
    return _memory(_requests(_lines(events), size))


def _memory(bodies: list[bytes], destination: str | None = None) -> Job:
    count = sum(len(_listed(body)) for body in bodies)
    requests = [(inputs.signed(body), body) for body in bodies]

    def run() -> dict[str, object]:
        clock = FakeClock()
        rehook = FakeRehook()
        webhook = _webhook(rehook, clock, destination)

        def work() -> int:
            for headers, body in requests:
                webhook.handle("POST", headers, body, clock.now())
            return len(rehook.books)

        return timed(count, work)

    return run


def plan(events: str) -> Job:
    """Reading and planning alone."""
    lines = _lines(events)
    destination = load(None)

    def work() -> int:
        return sum(len(destination.plan(Event.parse(line), 0.0)) for line in lines)

    return lambda: timed(len(lines), work)


def http_batch(events: str, url: str, workers: int) -> Job:
    """All events in one request, calls over HTTP, the ledger in memory."""
    lines = _lines(events)
    body, count = _batch(lines), len(lines)
    headers = inputs.signed(body)
    client = RehookClient(url, lambda: ("key-1", "secret-1"), connections=workers + 1)

    def run() -> dict[str, object]:
        webhook = _webhook(client, FakeClock(), None, workers=workers)

        def work() -> int:
            answer = webhook.handle("POST", headers, body, FakeClock().now())
            return int(str(answer.body["delivered"]))

        return timed(count, work)

    return run


def ingest(
    events: str,
    environment: dict[str, str],
    size: int = 1,
    outcome: str = "delivered",
    *,
    reset: bool = True,
) -> Job:
    """The whole ingest handler, `size` events a request; each of them must come to `outcome`.

    `reset`: the table and the queues are emptied before.
    """
    bodies = _requests(_lines(events), size)
    os.environ.update(environment)
    handler = wiring.ingest()

    def run() -> dict[str, object]:
        if reset:
            ask(environment["AWS_ENDPOINT_URL"] + "/reset")
        # Received when they are handled, although made before: the budget runs from then.
        requests = [inputs.gateway_event(body, time.time() + AHEAD_SECONDS) for body in bodies]
        answers: list[Any] = []

        def work() -> int:
            answers.extend(handler(request, CONTEXT) for request in requests)
            return 0

        figures = logged(len(_lines(events)), work)
        done = sum(json.loads(each["body"])[outcome] for each in answers)
        return figures | {"requests": len(bodies), "delivered": done}

    return run


def redrive(environment: dict[str, str], part: tuple[int, int], size: int) -> Job:
    """One environment's part (number, of how many) of the stored dead letters, `size` a batch."""
    os.environ.update(environment)
    handler = wiring.redrive()

    def run() -> dict[str, object]:
        messages = ask(environment["AWS_ENDPOINT_URL"] + "/messages")
        records = [_record(*each) for each in enumerate(messages)][part[0] :: part[1]]
        batches = [records[start : start + size] for start in range(0, len(records), size)]

        def work() -> int:
            answers = [handler({"Records": batch}, CONTEXT) for batch in batches]
            return len(records) - sum(len(each["batchItemFailures"]) for each in answers)

        return logged(len(records), work) | {"requests": len(batches)}

    return run


def _record(number: int, message: dict[str, Any]) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    now = str(int(time.time() * 1_000))
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": message["MessageBody"],
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "MessageGroupId": message["MessageGroupId"],
        },
        "messageAttributes": {
            name: {"stringValue": each["StringValue"], "dataType": "String"}
            for name, each in message["MessageAttributes"].items()
        },
    }


def language(
    input: Any,  # noqa: A002 — as `segment-rehook evaluate` names it
    times: int,
    mapping: Any = None,
    fql: str | None = None,
) -> Job:
    """One case of the language, `times` over; `output` is what it gives before that."""
    once: Callable[[Any], Any] = compile_mapping(mapping) if fql is None else compile_trigger(fql)
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
        ledger=FakeLedger(),
        user_marks=FakeUserMarks(),
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


def _lines(events: str) -> list[bytes]:
    return Path(events).read_bytes().splitlines()


def _requests(lines: list[bytes], size: int) -> list[bytes]:
    """The bodies of requests of so many events."""
    if size == 1:
        return lines
    return [_batch(lines[start : start + size]) for start in range(0, len(lines), size)]


def _batch(lines: list[bytes]) -> bytes:
    return b"[" + b",".join(lines) + b"]"


def _listed(body: bytes) -> list[object]:
    read = json.loads(body)
    return read if isinstance(read, list) else [read]


JOBS: dict[str, Callable[..., Job]] = {
    "memory_single": memory_single,
    "memory_batch": memory_batch,
    "plan": plan,
    "http_batch": http_batch,
    "ingest": ingest,
    "redrive": redrive,
    "language": language,
}
