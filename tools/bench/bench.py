"""What the parts of a run share: how much is measured, the workers, and the events in files."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tools.bench import aws_server, inputs, rehook_server
from tools.bench.workers import OURS, SEGMENTS, Worker, node_missing, server

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `rounds` of each figure after `warm_up` that don't count."""

    rounds: int = 7
    warm_up: int = 3
    events: int = 1_000
    single_events: int = 200
    memory_events: int = 4_000
    starts: int = 15
    times: int = 1_000
    batches: tuple[int, ...] = (1, 10, 100, 1_000, 4_000)
    subscriptions: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    kilobytes: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    dead_letters: int = 2_000
    hot_letters: int = 60
    path_singles: int = 50
    path_batch: int = 1_000
    language: slice = slice(None)


SMOKE = Scale(
    rounds=1,
    warm_up=0,
    events=20,
    single_events=3,
    memory_events=30,
    starts=1,
    times=2,
    batches=(1, 5),
    subscriptions=(1, 3),
    kilobytes=(1, 2),
    dead_letters=20,
    hot_letters=3,
    path_singles=10,
    path_batch=100,
    language=slice(None, None, 15),
)
"""Runs every part and measures nothing worth reading."""


class Bench:
    """A run. A context manager: its processes and files end with it."""

    def __init__(self, scale: Scale, tell: Callable[[str], None]) -> None:
        self.scale = scale
        self.tell = tell
        self.without_segment = node_missing()
        self._ending = ExitStack()
        self._servers: dict[tuple[str, float], str] = {}

    def __enter__(self) -> Self:
        self._folder = Path(self._ending.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    @cached_property
    def ours(self) -> Worker:
        """The worker of our half."""
        return self._started(Worker(OURS))

    @cached_property
    def segments(self) -> Worker | None:
        """The worker of Segment's engine; None where there is no Node."""
        return None if self.without_segment else self._started(Worker(SEGMENTS))

    def rehook(self, *, delay_ms: float = 0) -> str:
        """A Rehook's address."""
        return self._server(rehook_server.__name__, delay_ms)

    def aws(self, *, delay_ms: float = 0) -> str:
        """The address of DynamoDB, SSM and SQS: to be reset before it is used."""
        return self._server(aws_server.__name__, delay_ms)

    def _server(self, module: str, delay_ms: float) -> str:
        key = (module, delay_ms)
        if key not in self._servers:
            started = server(module, "--delay-ms", str(delay_ms))
            self._servers[key] = self._ending.enter_context(started)
        return self._servers[key]

    def _started(self, worker: Worker) -> Worker:
        self._ending.callback(worker.close)
        return worker

    def events(self, count: int, **more: int) -> str:
        """A file of events, one a line. `more`: as for `inputs.events`."""
        file = self._folder / f"{count} {more}.ndjson"
        if not file.exists():
            made = inputs.events(count, **more)
            file.write_bytes(b"\n".join(map(inputs.text, made)))
        return str(file)
