"""How fast redrive empties the dead-letter queue: against what Rehook's time and order allow.

Each environment of the redrive function is a process of its own, as on Lambda, and is handed the
batches that SQS would hand it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tools.bench.measure import Row, Target, in_turns
from tools.bench.throughput import REHOOK_MS, STORE_MS
from tools.bench.workers import OURS, Worker, ask, stack_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.bench.bench import Bench

REHOOK_SECONDS = REHOOK_MS / 1_000
CONCURRENCY = 2
"""The template's RedriveConcurrency."""
BATCH = 10
"""The template's BatchSize: as many users side by side in one environment."""
STORED = {"size": 1_000, "outcome": "stored", "reset": False}


def rows(bench: Bench) -> Iterator[Row]:
    """Many users, and one."""
    letters, hot = bench.scale.dead_letters, bench.scale.hot_letters
    rehook, aws = bench.rehook(delay_ms=REHOOK_MS), bench.aws(delay_ms=STORE_MS)
    with ExitStack() as ending:
        workers = [bench.ours, *(Worker(OURS) for _ in range(1, CONCURRENCY))]
        for each in workers[1:]:
            ending.callback(each.close)
        environment = stack_environment(rehook, aws)

        def drained(workers: Sequence[Worker], events: str, *, ideal: float) -> float:
            """The share of the possible rate at which these events' dead letters are delivered."""
            ask(f"{aws}/reset")
            ask(f"{aws}/open-breaker")
            bench.ours.run("ingest", events=events, environment=environment, **STORED)
            ask(f"{aws}/close-breaker")
            for number, worker in enumerate(workers):
                worker.start(
                    "redrive", environment=environment, part=(number, len(workers)), size=BATCH
                )
            return ideal / max(float(worker.result()["wall"]) for worker in workers)

        def many() -> float:
            bench.tell(f"draining {letters:,} dead letters of as many users")
            ideal = REHOOK_SECONDS * letters / (CONCURRENCY * BATCH)
            return drained(workers, bench.events(letters), ideal=ideal)

        def one() -> float:
            bench.tell(f"draining {hot:,} dead letters of one user")
            return drained(workers[:1], bench.events(hot, users=1), ideal=REHOOK_SECONDS * hot)

        found = in_turns(
            {"many": many, "one": one},
            rounds=min(bench.scale.rounds, 3),
            warm_up=min(bench.scale.warm_up, 1),
        )
    yield Row.of(
        f"{letters:,} dead letters of as many users, Rehook at 50 ms, concurrency {CONCURRENCY}:"
        f" share of the possible {CONCURRENCY * BATCH / REHOOK_SECONDS:.0f}/s",
        "of the possible rate",
        found["many"],
        target=Target("ours", "≥", 0.85),
    )
    yield Row.of(
        f"{hot:,} dead letters of one user: share of the {1 / REHOOK_SECONDS:.0f}/s that order"
        " allows",
        "of the possible rate",
        found["one"],
    )
