"""How many events a second: in memory, over HTTP, with the ledger, and before a slow Rehook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tools.bench.measure import Row, Target, in_turns
from tools.bench.workers import Figures, stack_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.bench.bench import Bench
    from tools.bench.measure import Probe

WORKERS = 16
STORE_MS = 3
REHOOK_MS = 50


def rows(bench: Bench) -> Iterator[Row]:
    """All of them."""
    yield from _in_memory(bench)
    yield from _over_http(bench)
    yield from _slow_rehook(bench)


def per_cpu(figures: Figures) -> float:
    """Events by a second of processor time."""
    return float(figures["count"] / figures["cpu"])


def per_second(figures: Figures) -> float:
    """Events by a second on the clock."""
    return float(figures["count"] / figures["wall"])


def _in_memory(bench: Bench) -> Iterator[Row]:
    bench.tell("network and stores in memory")
    events = bench.events(bench.scale.events)
    probes: dict[str, Probe] = {
        "single": lambda: per_cpu(bench.ours.run("memory_single", events=events)),
        "batch": lambda: per_cpu(
            bench.ours.run("memory_batch", events=events, size=bench.scale.events)
        ),
        "plan": lambda: per_cpu(bench.ours.run("plan", events=events)),
    }
    if segments := bench.segments:
        probes["segment"] = lambda: per_cpu(segments.run("memory", events=events))
    found = in_turns(probes, rounds=bench.scale.rounds, warm_up=bench.scale.warm_up)
    theirs, unit = found.get("segment"), "events/s"
    yield Row.of(
        "CPU only, network and stores in memory, one event a request",
        unit,
        found["single"],
        theirs,
        target=Target("ratio", "≥", 3.0),
    )
    yield Row.of(
        f"the same, batch of {bench.scale.events:,}",
        unit,
        found["batch"],
        theirs,
        target=Target("ratio", "≥", 5.0),
    )
    yield Row.of(
        "of which reading and planning alone",
        unit,
        found["plan"],
        target=Target("ours", "≥", 100_000),
    )


def _over_http(bench: Bench) -> Iterator[Row]:
    bench.tell("over loopback HTTP, and with the real ledger")
    events = bench.events(bench.scale.events)
    singles = bench.events(bench.scale.single_events)
    rehook, aws = bench.rehook(), bench.aws(delay_ms=STORE_MS)
    environment = stack_environment(rehook, aws)
    ours = bench.ours
    probes: dict[str, Probe] = {
        "http": lambda: per_second(
            ours.run("http_batch", events=events, url=rehook, workers=WORKERS)
        ),
        "ledger": lambda: per_second(
            ours.run("ingest", events=events, environment=environment, size=bench.scale.events)
        ),
        "handler": lambda: (
            1_000 / per_cpu(ours.run("ingest", events=singles, environment=environment))
        ),
    }
    if segments := bench.segments:
        probes["segment"] = lambda: per_second(
            segments.run("http", events=events, url=rehook, inFlight=WORKERS)
        )
    found = in_turns(probes, rounds=bench.scale.rounds, warm_up=bench.scale.warm_up)
    theirs, unit = found.get("segment"), "events/s"
    yield Row.of(
        f"over loopback HTTP, {WORKERS} in flight, ledger in memory",
        unit,
        found["http"],
        theirs,
        target=Target("ratio", "≥", 1.5),
    )
    yield Row.of(
        f"the same with the real ledger (DynamoDB answers after {STORE_MS} ms), batch of"
        f" {bench.scale.events:,}",
        unit,
        found["ledger"],
        theirs,
        target=Target("ratio", "≥", 0.8),
    )
    yield Row.of(
        "one event a request, whole handler, real ledger: CPU an event",
        "ms",
        found["handler"],
        target=Target("ours", "≤", 1.5),
    )


def _slow_rehook(bench: Bench) -> Iterator[Row]:
    bench.tell("a batch before a Rehook that takes 50 ms")
    events = bench.events(bench.scale.events)
    ideal = REHOOK_MS / 1_000 * math.ceil(bench.scale.events / WORKERS)
    rehook, aws = bench.rehook(delay_ms=REHOOK_MS), bench.aws(delay_ms=STORE_MS)
    environment = stack_environment(rehook, aws)
    probes: dict[str, Probe] = {
        "ours": lambda: (
            bench.ours.run(
                "ingest", events=events, environment=environment, size=bench.scale.events
            )["wall"]
            / ideal
        )
    }
    found = in_turns(probes, rounds=bench.scale.rounds, warm_up=min(bench.scale.warm_up, 1))
    yield Row.of(
        f"batch of {bench.scale.events:,}, Rehook at 50 ms, {WORKERS} workers, store at"
        f" {STORE_MS} ms: wall against the ideal of {ideal:.2f} s",
        "× ideal",
        found["ours"],
        target=Target("ours", "≤", 1.15),
    )
