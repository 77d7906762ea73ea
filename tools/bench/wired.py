"""Our half as it is deployed: built by `wiring` over the real clients."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from segment_rehook import wiring
from tools.bench import inputs
from tools.bench.job import lines_of, requests_of, timed
from tools.bench.workers import ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.bench.job import Job

AHEAD_SECONDS = 600.0
CONTEXT = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 60_000)


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
    bodies = requests_of(lines_of(events), size)
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

        figures = logged(len(lines_of(events)), work)
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


def logged(count: int, work: Callable[[], int]) -> dict[str, object]:
    """Time `work`, and count the bytes that it logs: standard output is a file here."""
    before = os.fstat(sys.stdout.fileno()).st_size
    figures = timed(count, work)
    sys.stdout.flush()
    return figures | {"log": os.fstat(sys.stdout.fileno()).st_size - before}
