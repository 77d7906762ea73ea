"""The sandbox itself: it starts every part in order, and ends them all."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from segment_rehook.aws.parameters import SecretName
from tools.sandbox import description, resources, sandbox_control, template
from tools.sandbox.announcement import announced
from tools.sandbox.artefacts import snapshot
from tools.sandbox.build import BUILT
from tools.sandbox.clients import connect
from tools.sandbox.control import Control
from tools.sandbox.functions import Functions
from tools.sandbox.http_api import HttpApi
from tools.sandbox.intrinsics import ACCOUNT, REGION
from tools.sandbox.logs import Log
from tools.sandbox.poller import Poller
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.segment import Segment
from tools.sandbox.services import API_KEY, API_SECRET, USER_KEY, start_aws, start_rehook
from tools.sandbox.stack_queue import Queue, queue_url
from tools.sandbox.stack_record import stack_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tools.sandbox.description import Description
    from tools.sandbox.environment import Environment
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.logs import LogLine
    from tools.sandbox.services import RehookControl

__all__ = ["BUILT", "Sandbox"]

_WEBHOOK = "/segment"


class Sandbox:
    """A running stack. It is a context manager; everything has the template's logical ids.

    ``parameters``: template parameters that differ from their defaults. ``rehook_url``: a Rehook
    (or a stand-in) of the user's own; then there is no ``rehook``. ``environments``: the highest
    number of processes of each function. ``destination``: a destination.json to run on instead of
    the built one. ``announce``: whether commands find it with ``--sandbox``. ``watch_exchange`` and
    ``watch_log`` are called with each request and each log line.
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
        announce: bool = False,
        watch_exchange: Callable[[Exchange], None] | None = None,
        watch_log: Callable[[LogLine], None] | None = None,
    ) -> None:
        self._parameters = dict(parameters or {})
        self._port = port
        self._built = built
        self._environments = environments
        self._destination = destination
        self._announce = announce
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
        group = ProcessGroup()
        self._ending.callback(group.close)
        self.scratch = group.scratch
        self.aws = start_aws(group)
        self._ending.callback(self.aws.close)
        if self.rehook_url is None:
            self.rehook = start_rehook(group)
            self._ending.callback(self.rehook.close)
            self.rehook_url = self.rehook.api_url
        built = snapshot(self._built, group.scratch / "built")
        self.stack = template.read(built, self.aws.api_url, self._parameters)
        clients = connect(self.aws.api_url)
        self.sqs, self.dynamodb, self.ssm = clients
        for client in clients:
            self._ending.callback(client.close)
        resources.create(self.stack, self.sqs, self.dynamodb, self.ssm)
        self._put_secrets()
        self.functions = Functions(
            self.stack.functions.values(),
            group=group,
            log=self.log,
            aws_url=self.aws.api_url,
            rehook_url=self.rehook_url,
            limit=self._environments,
            destination=self._destination,
        )
        self._ending.callback(self.functions.close)
        self.functions.start()
        self.pollers = {
            source.function: self._make_poller(source) for source in self.stack.event_sources
        }
        api = HttpApi(self.stack.routes, self.functions, self._port, self._watch_exchange)
        self._ending.callback(api.close)
        # The functions end first: pollers and requests wait for the invocations that they started.
        self._ending.callback(self.functions.close)
        self.url = api.url
        self.webhook = api.url + _WEBHOOK
        self.segment = Segment(self.webhook, self.shared_secret, timeout=35.0)
        self._ending.callback(self.segment.close)
        control = Control(sandbox_control.routes(self.description, self.reload, self.log))
        self._ending.callback(control.stop)
        self.control_url = control.url
        self._record()
        if self._announce:
            self._ending.enter_context(announced(self.description(), group.remove_at_end))

    def _record(self) -> None:
        record = stack_record(
            self.stack,
            api_url=self.url,
            rehook_url=str(self.rehook_url),
            control_url=self.control_url,
            files=self.functions.files(),
        )
        self.aws.record(record)

    def _put_secrets(self) -> None:
        self.put_secret(SecretName.API_KEY, API_KEY)
        self.put_secret(SecretName.API_SECRET, API_SECRET)
        self.put_secret(SecretName.SHARED_SECRETS, self.shared_secret)
        self.put_secret(SecretName.USER_KEY, USER_KEY)

    def _make_poller(self, source: template.EventSource) -> Poller:
        name = self.stack.queues[source.queue].name
        poller = Poller(
            source,
            self.functions[source.function],
            self.sqs,
            queue_url(self.aws, name),
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
        )
        self._ending.callback(poller.close)
        poller.resume()
        return poller

    @property
    def routes(self) -> dict[str, str]:
        """The URL of each route of the HTTP API, by its method and path."""
        return {f"{each.method} {each.path}": self.url + each.path for each in self.stack.routes}

    def description(self) -> Description:
        """Where everything is, for a script."""
        processes = {name: [each.pid for each in self.processes(name)] for name in self.functions}
        return description.Description(
            webhook=self.webhook,
            rehook=str(self.rehook_url),
            aws=self.aws.api_url,
            control=self.control_url,
            aws_control=self.aws.url,
            rehook_control=self.rehook.url if hasattr(self, "rehook") else None,
            shared_secret=self.shared_secret,
            stack=self.stack.name,
            queues={name: self.queue(name).url for name in self.stack.queues},
            tables={name: table.name for name, table in self.stack.tables.items()},
            pid=os.getpid(),
            functions={name: next(iter(pids), None) for name, pids in processes.items()},
            environment=description.environment(self.aws.api_url, self.control_url),
        )

    def reload(self, destination: Path | None = None) -> tuple[Path, list[str]]:
        """Run on what a destination.json says now; see ``Functions.reload``.

        Queues, table and secrets stay. Raises DestinationRefused and FunctionBroken.
        """
        reloaded = self.functions.reload(destination)
        self._record()
        return reloaded

    def secret_path(self, name: str) -> str:
        """The SSM parameter that holds a secret, from its name below the stack's path."""
        path = next(
            spec.environment["SECRETS_PATH"]
            for spec in self.stack.functions.values()
            if "SECRETS_PATH" in spec.environment
        )
        return f"{path}/{name}"

    def put_secret(self, name: str, value: str) -> None:
        """Put a secret, or another value below the stack's path; it replaces what is there."""
        self.ssm.put_parameter(
            Name=self.secret_path(name), Value=value, Type="SecureString", Overwrite=True
        )

    def queue(self, logical_id: str) -> Queue:
        """Return a queue of the stack, by its logical id."""
        consumers = [each for each in self.pollers.values() if each.source.queue == logical_id]
        name = self.stack.queues[logical_id].name
        return Queue(self.aws, name, consumers[0] if consumers else None)

    def ledger(self) -> list[dict[str, Any]]:
        """All items of the stack's one table, as DynamoDB returns them."""
        [table] = self.stack.tables.values()
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table.name)
        return [dict(item) for page in pages for item in page["Items"]]

    def processes(self, function: str, *, busy_only: bool = False) -> list[Environment]:
        """A function's running processes: to kill, to hold and to let go."""
        return self.functions[function].environments(busy_only=busy_only)

    def kill(self, function: str, *, busy_only: bool = False) -> int:
        """Kill a function's processes (SIGKILL), whatever they do. Returns how many there were."""
        killed = self.processes(function, busy_only=busy_only)
        for environment in killed:
            environment.kill()
        return len(killed)

    def wait_until(
        self, holds: Callable[[], object], timeout: float = 20.0, every: float = 0.02
    ) -> None:
        """Ask until something holds; both times are in seconds. Raises TimeoutError."""
        end = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"it does not hold after {timeout} s")
            time.sleep(every)
