"""Process start to first delivery, and the peak of memory, beside Node with Segment's engine.

Ours is the built artefact under Lambda's runtime client.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.bench import cores, inputs
from tools.bench.measure import Row, Target, in_turns
from tools.bench.workers import (
    CHECKOUT,
    SEGMENTS,
    Worker,
    WorkerFailed,
    ask,
    stack_environment,
)
from tools.sandbox.artefacts import merge_layers, runtime_folder
from tools.sandbox.environment import Environment, EnvironmentContext
from tools.sandbox.logs import Log
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.template import FunctionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.bench.bench import Bench
    from tools.bench.measure import Probe

BUILT: Final = CHECKOUT / ".aws-sam" / "native"
START: Final = str(CHECKOUT / "tools" / "bench" / "segment_start.js")
# 4,000 of these are 5.3 MB, and some 6 MB as a function gets them: more Lambda doesn't let in.
MEMORY_EVENT_BYTES = 1_300


def start_rows(bench: Bench) -> Iterator[Row]:
    """Process start to first delivery."""
    bench.tell("process start to first delivery")
    event = inputs.text(inputs.events(1)[0])
    with _functions(bench) as (rehook, new):

        def ours() -> float:
            start = time.perf_counter()
            environment = new()
            try:
                _invoke(environment, event, 1)
                return (time.perf_counter() - start) * 1_000
            finally:
                environment.close()

        def theirs() -> float:
            start = time.perf_counter()
            process = subprocess.Popen(
                ["node", START, rehook], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            cores.pin(process.pid, cores.CLIENT)
            said, _ = process.communicate(event)
            if said != b"delivered\n":
                raise WorkerFailed(f"Segment's engine did not deliver: {said!r}")
            return (time.perf_counter() - start) * 1_000

        probes: dict[str, Probe] = {"ours": ours}
        if bench.segments:
            probes["theirs"] = theirs
        found = in_turns(probes, rounds=bench.scale.starts, warm_up=min(bench.scale.warm_up, 2))
    yield Row.of(
        "process start to first delivery (Segment's side has no AWS clients)",
        "ms",
        found["ours"],
        found.get("theirs"),
        target=Target("ratio", "≤", 1.0),
    )


def memory_rows(bench: Bench) -> Iterator[Row]:
    """The peak of a process that has worked on one large batch."""
    bench.tell("peak of memory")
    count = bench.scale.memory_events
    file = bench.events(count, size=MEMORY_EVENT_BYTES)
    batch = b"[" + b",".join(Path(file).read_bytes().splitlines()) + b"]"
    # One character beyond 16 bits, and Python keeps the text of the request in four bytes each.
    batch = batch.replace("Köln".encode(), "Köl🎁".encode(), 1)
    with _functions(bench) as (_, new):

        def ours() -> float:
            environment = new()
            try:
                _invoke(environment, batch, count)
                return _peak_kilobytes(environment.pid) / 1_000
            finally:
                environment.close()

        def theirs() -> float:
            worker = Worker(SEGMENTS)
            try:
                worker.run("memory", events=file)
                return _peak_kilobytes(worker.pid) / 1_000
            finally:
                worker.close()

        probes: dict[str, Probe] = {"ours": ours}
        if bench.segments:
            probes["theirs"] = theirs
        found = in_turns(probes, rounds=min(bench.scale.rounds, 3), warm_up=0)
    yield Row.of(
        f"peak memory after a batch of {count:,}",
        "MB",
        found["ours"],
        found.get("theirs"),
        target=Target("ours", "≤", 72.0),
    )


@contextmanager
def _functions(bench: Bench) -> Iterator[tuple[str, Callable[[], Environment]]]:
    """Rehook's address, and what starts the ingest function anew; AWS answers at once."""
    rehook, aws = bench.rehook(), bench.aws()
    group = ProcessGroup()
    try:
        variables = {
            **stack_environment(rehook, aws),
            "DESTINATION_FILE": "/opt/destination.json",
            "POWERTOOLS_SERVICE_NAME": "ingest",
            "POWERTOOLS_METRICS_NAMESPACE": "bench",
        }
        spec = FunctionSpec(
            name="IngestFunction",
            code=BUILT / "IngestFunction",
            layers=(BUILT / "BridgeLayer", BUILT / "DestinationLayer"),
            handler="app.handler",
            timeout=60.0,
            memory=1769,
            environment=variables,
            reserved=None,
            json_logs=False,
        )
        context = EnvironmentContext(
            group=group,
            log=Log(),
            endpoint=aws,
            opt=merge_layers(spec.layers, group.scratch / "opt"),
            runtime=runtime_folder(group.scratch / "runtime"),
        )

        def new() -> Environment:
            ask(f"{aws}/reset")
            environment = Environment(spec, context)
            cores.pin(environment.pid, cores.CLIENT)
            return environment

        # This process is the Runtime API meanwhile: a stub, as far as the function goes.
        cores.pin(0, cores.STUBS)
        yield rehook, new
    finally:
        os.sched_setaffinity(0, cores.ALL)
        group.close()


def _invoke(environment: Environment, body: bytes, count: int) -> None:
    """Have one request answered. What the budget leaves no time for is stored."""
    if error := environment.wait_until_ready():
        raise WorkerFailed(error.decode())
    request = json.dumps(inputs.gateway_event(body, time.time()), ensure_ascii=False)
    result = environment.invoke(request.encode())
    answer = json.loads(json.loads(result.payload).get("body", "{}"))
    if answer.get("delivered", 0) + answer.get("stored", 0) != count:
        raise WorkerFailed(f"not every event was delivered or stored: {answer}")


def _peak_kilobytes(pid: int) -> int:
    """Read it from outside: what a process says of itself (`ru_maxrss`) has its parent's in it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
