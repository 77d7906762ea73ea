"""The sandbox itself: starts every part in order, and ends them all."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from tools.sandbox import own_control, resources, template
from tools.sandbox.artefacts import merge_layers, runtime_folder, snapshot
from tools.sandbox.build import BUILT
from tools.sandbox.control import Control
from tools.sandbox.description import stack_record
from tools.sandbox.destination import OPT, DestinationRefused, Placed, checked
from tools.sandbox.environment import Surroundings
from tools.sandbox.front import Exchange, Front
from tools.sandbox.function import Function, FunctionBroken
from tools.sandbox.intrinsics import ACCOUNT, REGION
from tools.sandbox.logs import Log, LogLine
from tools.sandbox.poller import Poller
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.segment import Segment
from tools.sandbox.services import (
    API_KEY,
    API_SECRET,
    QueuedMessage,
    RehookControl,
    start_aws,
    start_rehook,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tools.sandbox.environment import Environment

__all__ = ["BUILT", "Queue", "Sandbox"]

_WEBHOOK = "/segment"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of the stack, to look into and to move time in."""

    url: str
    messages: Callable[[], list[QueuedMessage]]
    empty: Callable[[], None]
    hasten: Callable[[], int]
    """Ends the back-off of what waits, but for what a function is at work on; how many waited."""


class Sandbox:
    """A running stack. A context manager; everything by the template's logical ids.

    ``parameters``: template parameters other than their defaults. ``rehook_url``: a Rehook (or a
    stand-in) of one's own; then ``rehook`` is None. ``environments``: at most so many processes per
    function. ``destination``: a destination.json to run on, in place of the built one.
    ``watch_exchange`` and ``watch_log`` are told of requests and log lines as they come.
    """

    rehook: RehookControl

    def __init__(  # noqa: PLR0913 — all by name, and each has a default
        self,
        *,
        parameters: Mapping[str, str] | None = None,
        rehook_url: str | None = None,
        port: int = 0,
        built: Path = BUILT,
        environments: int = 8,
        destination: Path | None = None,
        watch_exchange: Callable[[Exchange], None] | None = None,
        watch_log: Callable[[LogLine], None] | None = None,
    ) -> None:
        self._parameters = dict(parameters or {})
        self._port = port
        self._built = built
        self._environments = environments
        self._destination = destination
        self._reloading = threading.Lock()
        self._watch_exchange = watch_exchange
        self._ending = ExitStack()
        self.rehook_url = rehook_url
        self.log = Log(watch_log)
        self.shared_secret = secrets.token_hex(16)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _start(self) -> None:
        text = None if self._destination is None else checked(self._destination)[0]
        self._group = ProcessGroup()
        self._ending.callback(self._group.close)
        self.aws = start_aws(self._group)
        self._ending.callback(self.aws.close)
        if self.rehook_url is None:
            self.rehook = start_rehook(self._group)
            self._ending.callback(self.rehook.close)
            self.rehook_url = self.rehook.api_url
        built = snapshot(self._built, self._group.scratch / "built")
        self.stack = template.read(built, self.aws.api_url, self._parameters)
        self._connect()
        resources.create(self.stack, self.sqs, self.dynamodb, self.ssm)
        self._put_secrets()
        self.functions = self._make_functions(self.rehook_url)
        self._ending.callback(self._close_functions)
        self._placed = Placed(self._destination_places())
        if text is not None:
            self._placed.put(text)
        for function in self.functions.values():
            function.start()
        self.pollers = {
            source.function: self._make_poller(source) for source in self.stack.event_sources
        }
        front = Front(self.stack.routes, self.functions, self._port, self._watch_exchange)
        self._ending.callback(front.close)
        # First of all at the end: pollers and requests wait for what functions are at.
        self._ending.callback(self._close_functions)
        self.url = front.url
        self.webhook = front.url + _WEBHOOK
        self.segment = Segment(self.webhook, self.shared_secret, timeout=35.0)
        self._ending.callback(self.segment.close)
        control = Control(own_control.routes(self))
        self._ending.callback(control.stop)
        self.control_url = control.url
        self.aws.record(stack_record(self))

    def _connect(self) -> None:
        session = boto3.Session(
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 — moto takes any
            region_name=REGION,
        )
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
        endpoint = self.aws.api_url
        self.sqs = session.client("sqs", endpoint_url=endpoint, config=config)
        self.dynamodb = session.client("dynamodb", endpoint_url=endpoint, config=config)
        self.ssm = session.client("ssm", endpoint_url=endpoint, config=config)
        for client in (self.sqs, self.dynamodb, self.ssm):
            self._ending.callback(client.close)

    def _put_secrets(self) -> None:
        self.put_secret("rehook/api-key", API_KEY)
        self.put_secret("rehook/api-secret", API_SECRET)
        self.put_secret("segment/shared-secrets", self.shared_secret)

    def _make_functions(self, rehook_url: str) -> dict[str, Function]:
        runtime = runtime_folder(self._group.scratch / "runtime")
        functions = {}
        for spec in self.stack.functions.values():
            around = Surroundings(
                group=self._group,
                log=self.log,
                endpoint=self.aws.api_url,
                opt=merge_layers(spec.layers, self._opt(spec.name)),
                runtime=runtime,
            )
            environment = spec.environment
            if "REHOOK_URL" in environment:
                environment = environment | {"REHOOK_URL": rehook_url}
            placed = dataclasses.replace(spec, environment=environment)
            functions[spec.name] = Function(placed, around, self._environments)
        return functions

    def _destination_places(self) -> list[Path]:
        return [
            self._opt(name) / place.removeprefix(OPT)
            for name, function in self.functions.items()
            if (place := function.spec.environment.get("DESTINATION_FILE", "")).startswith(OPT)
        ]

    def _opt(self, function: str) -> Path:
        return self._group.scratch / f"opt-{function}"

    def reload(self, destination: Path | None = None) -> tuple[Path, list[str]]:
        """Run on what a destination.json says now: the one given, else the last one.

        Its path, and the ids of its subscriptions. Events under way end by the old one; queues,
        table and secrets stay. Raises DestinationRefused and FunctionBroken; then nothing changed.
        """
        with self._reloading:
            file = destination or self._destination
            if file is None:
                raise DestinationRefused(
                    "it was started without a destination file; name one with --destination"
                )
            text, subscriptions = checked(file)
            before = self._placed.put(text)
            try:
                self._renew_functions()
            except FunctionBroken:
                self._placed.put_back(before)
                self._renew_functions()
                raise
            self._destination = file
            return file, subscriptions

    def _renew_functions(self) -> None:
        for function in self.functions.values():
            function.renew()

    def _close_functions(self) -> None:
        for function in self.functions.values():
            function.close()

    def _make_poller(self, source: template.EventSource) -> Poller:
        name = self.stack.queues[source.queue].name
        poller = Poller(
            source,
            self.functions[source.function],
            self.sqs,
            self._queue_url(name),
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
        )
        self._ending.callback(poller.close)
        poller.resume()
        return poller

    def _queue_url(self, name: str) -> str:
        return f"{self.aws.api_url}/{ACCOUNT}/{name}"

    def secret_path(self, name: str) -> str:
        """The SSM parameter that holds a secret, from its name below the stack's path."""
        path = next(
            spec.environment["SECRETS_PATH"]
            for spec in self.stack.functions.values()
            if "SECRETS_PATH" in spec.environment
        )
        return f"{path}/{name}"

    def put_secret(self, name: str, value: str) -> None:
        """Put a secret, or another value under the stack's path, over what is there."""
        self.ssm.put_parameter(
            Name=self.secret_path(name), Value=value, Type="SecureString", Overwrite=True
        )

    def queue(self, logical_id: str) -> Queue:
        """A queue of the stack."""
        name = self.stack.queues[logical_id].name
        consumers = [each for each in self.pollers.values() if each.source.queue == logical_id]

        def hasten() -> int:
            return self.aws.hasten(name, consumers[0].finished if consumers else None)

        return Queue(
            url=self._queue_url(name),
            messages=lambda: self.aws.messages(name),
            empty=lambda: self.aws.empty(name),
            hasten=hasten,
        )

    def ledger(self) -> list[dict[str, Any]]:
        """All items of the stack's one table, as DynamoDB gives them."""
        [table] = self.stack.tables.values()
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table.name)
        return [dict(item) for page in pages for item in page["Items"]]

    def processes(self, function: str, *, busy_only: bool = False) -> list[Environment]:
        """A function's running processes: to be killed, held and let go."""
        return self.functions[function].environments(busy_only=busy_only)

    def kill(self, function: str, *, busy_only: bool = False) -> int:
        """Kill a function's processes (SIGKILL), wherever they are; how many."""
        killed = self.processes(function, busy_only=busy_only)
        for environment in killed:
            environment.kill()
        return len(killed)

    def wait_until(
        self, holds: Callable[[], object], timeout: float = 20.0, every: float = 0.02
    ) -> None:
        """Ask until something holds. Raises TimeoutError."""
        end = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"it does not hold after {timeout} s")
            time.sleep(every)
