"""What each way of an event costs: calls, units, log and time, counted at the services' side.

The functions run as they are deployed, over the real clients; Rehook takes 50 ms and the table 3.
What goes by time and not by event is left out: the reads of the breaker and of the secrets.
"""

from __future__ import annotations

import json
import socket
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tools.bench.throughput import REHOOK_MS, STORE_MS
from tools.bench.workers import ask, stack_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.bench.bench import Bench
    from tools.bench.workers import Figures

MAX_ROUNDS: Final = 3
TIMES: Final = ("cpu_ms", "wall_ms")
BATCH: Final = 1_000
LETTERS: Final = 10
"""Events in a request, and dead letters in a batch of the event source (BatchSize)."""
FAULTY: Final = {"@case": {"operator": "title", "value": {"@path": "$.userId"}}}
"""A mapping that throws on each event: what is parked without a call."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way of an event, and what each event costs on it.

    `requests`: invocations of the function. `reads`, `writes`: DynamoDB's units, in `table_calls`.
    `sqs`: calls that the code makes. `log_bytes`: what the function writes. `cpu_ms`, `wall_ms`: on
    one whole core.
    """

    name: str
    requests: float
    reads: float
    writes: float
    table_calls: float
    sqs: float
    log_bytes: float
    cpu_ms: float
    wall_ms: float

    @property
    def json(self) -> dict[str, Any]:
        """As it lies in `docs/performance.json`."""
        counts = asdict(self)
        name = counts.pop("name")
        return {"name": name} | {key: float(f"{each:.4g}") for key, each in counts.items()}

    @property
    def line(self) -> str:
        """For a person to read."""
        return (
            f"{self.name}: {self.reads:g} reads and {self.writes:g} writes in"
            f" {self.table_calls:g} calls, {self.sqs:g} to SQS, {self.log_bytes:.0f} bytes of log,"
            f" {self.cpu_ms:.2f} ms of CPU, {self.wall_ms:.1f} ms"
        )


def paths(bench: Bench) -> Iterator[Path]:
    """All of them; of several rounds the least time."""
    bench.tell("what each way of an event costs")
    rounds = [list(_round(bench)) for _ in range(min(bench.scale.rounds, MAX_ROUNDS))]
    for same in zip(*rounds, strict=True):
        cpu_ms, wall_ms = (min(getattr(each, name) for each in same) for name in TIMES)
        yield replace(same[0], cpu_ms=cpu_ms, wall_ms=wall_ms)


def _round(bench: Bench) -> Iterator[Path]:
    rehook, aws = bench.rehook(delay_ms=REHOOK_MS), bench.aws(delay_ms=STORE_MS)
    usual = stack_environment(rehook, aws)
    single = bench.events(bench.scale.path_singles)
    batch = bench.events(bench.scale.path_batch)
    count = _Counting(bench, aws)
    yield count("delivered, one event a request", "ingest", usual, events=single)
    yield count("duplicate", "ingest", usual, events=single, outcome="duplicate", reset=False)
    yield count("delivered, 1,000 events a request", "ingest", usual, events=batch, size=BATCH)
    with _refusing() as url:
        away = {**usual, "REHOOK_URL": url, "BREAKER_THRESHOLD": "1000"}
        yield count("failed, stored", "ingest", away, events=single, outcome="stored")
    yield count("redriven after a failure", "redrive", usual, part=(0, 1), size=LETTERS)
    stored = {"outcome": "stored", "reset": False}
    for name, events, size in (
        ("stored while calls are stopped, 1,000 events a request", batch, BATCH),
        ("stored while calls are stopped, one event a request", single, 1),
    ):
        ask(f"{aws}/reset")
        ask(f"{aws}/open-breaker")
        yield count(name, "ingest", usual, events=events, size=size, **stored)
    ask(f"{aws}/close-breaker")
    yield count("redriven after a stop", "redrive", usual, part=(0, 1), size=LETTERS)
    with _faulty() as file:
        broken = {**usual, "DESTINATION_FILE": file}
        yield count("parked", "ingest", broken, events=single, outcome="parked")


class _Counting:
    """Runs a job and sets its figures beside what the AWS server counted meanwhile."""

    def __init__(self, bench: Bench, aws: str) -> None:
        self._bench = bench
        self._aws = aws

    def __call__(self, name: str, job: str, environment: dict[str, str], **arguments: Any) -> Path:
        if arguments.get("reset", job == "ingest"):
            ask(f"{self._aws}/reset")
        before = ask(f"{self._aws}/counts")
        figures = self._bench.ours.run(job, environment=environment, **arguments)
        after = ask(f"{self._aws}/counts")
        return _path(name, figures, before, after)


def _path(name: str, figures: Figures, before: Any, after: Any) -> Path:
    count = figures["count"]
    calls = {
        operation: number - before["calls"].get(operation, 0)
        for operation, number in after["calls"].items()
    }
    sqs = sum(calls.get(name, 0) for name in ("SendMessageBatch", "ChangeMessageVisibilityBatch"))
    table = sum(calls.values()) - sqs - calls.get("GetParametersByPath", 0)
    return Path(
        name,
        requests=figures["requests"] / count,
        reads=(after["reads"] - before["reads"]) / count,
        writes=(after["writes"] - before["writes"]) / count,
        table_calls=table / count,
        sqs=sqs / count,
        log_bytes=figures["log"] / count,
        cpu_ms=figures["cpu"] / count * 1_000,
        wall_ms=figures["wall"] / count * 1_000,
    )


@contextmanager
def _refusing() -> Iterator[str]:
    """An address where every connection is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def _faulty() -> Iterator[str]:
    """A destination.json whose one subscription throws on each event."""
    subscription = {
        "name": "faulty",
        "actionSlug": "trackEvent",
        "trigger": 'type = "track" or type = "identify"',
        "settings": {"event_name": "x", "source_id": FAULTY, "metadata": {}},
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"subscriptions": [subscription]}, file)
        file.flush()
        yield file.name
