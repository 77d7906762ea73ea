"""One execution environment: a process of Lambda's runtime client that serves many invocations.

As in Lambda, it serves one invocation at a time, is frozen (SIGSTOP) while it waits for the next
one, and is killed when an invocation exceeds the function's time-out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tools.sandbox.destination import OPT
from tools.sandbox.intrinsics import ACCOUNT, REGION
from tools.sandbox.runtime_api import Invocation, InvocationResult, RuntimeApi

if TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox.logs import Log
    from tools.sandbox.processes import ProcessGroup
    from tools.sandbox.template import FunctionSpec

MAX_INIT_SECONDS: Final = 10.0
"""Lambda's limit on an initialisation."""


@dataclass(frozen=True, slots=True)
class EnvironmentContext:
    """What all environments of one function share. ``endpoint``: the URL of the AWS server."""

    group: ProcessGroup
    log: Log
    endpoint: str
    opt: Path
    runtime: Path


class Environment:
    """A running process of a function."""

    def __init__(self, spec: FunctionSpec, context: EnvironmentContext) -> None:
        self._spec = spec
        self._log = context.log
        self._held_since: float | None = None
        self._invocation: Invocation | None = None
        self._dead = False
        self._started = time.monotonic()
        self._init_reported = False
        self._api = RuntimeApi(waiting=self._freeze_between_invocations)
        self._process = context.group.start(
            [sys.executable, "-S", "-m", "awslambdaric", spec.handler],
            cwd=spec.code,
            env=_variables(spec, context, self._api.address),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether the process can take an invocation; false as soon as its end is noticed."""
        return not self._dead and self._process.poll() is None

    def wait_until_ready(self) -> bytes | None:
        """Wait for the end of initialisation. Returns None if it succeeded, else Lambda's error."""
        with self._api.changed:
            self._api.changed.wait_for(
                lambda: self._api.ready or self._api.init_error is not None or self._dead,
                MAX_INIT_SECONDS,
            )
            if self._api.ready:
                return None
        error = self._api.init_error
        self.kill()
        return error or _error("Runtime.ExitError", "Runtime exited or stalled during INIT")

    def invoke(self, event: bytes) -> InvocationResult:
        """Process one event, and return the result or the error that ended it."""
        now = time.time()
        invocation = Invocation(
            event=event,
            function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self._spec.name}",
            deadline=now + self._spec.timeout,
        )
        self._log.write(self._spec.name, self.pid, f"START RequestId: {invocation.id}")
        with self._api.changed:
            if self._held_since is None:
                self._signal(signal.SIGCONT)
            self._invocation = invocation
            self._api.hand_over(invocation)
            while invocation.outcome is None and not self._dead:
                rest = invocation.deadline - time.time()
                if self._held_since is not None:
                    self._api.changed.wait()
                elif rest > 0:
                    self._api.changed.wait(rest)
                else:
                    break
            self._invocation = None
            outcome, dead = invocation.outcome, self._dead
        if outcome is None:
            outcome = self._lost(invocation, dead=dead)
        self._report(invocation.id, time.time() - now)
        return outcome

    def _lost(self, invocation: Invocation, *, dead: bool) -> InvocationResult:
        self.kill()
        if dead:
            code = self._process.returncode
            message = f"RequestId: {invocation.id} Error: Runtime exited with status {code}"
            self._log.write(self._spec.name, self.pid, message)
            return InvocationResult(_error("Runtime.ExitError", message), failed=True)
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = f"{when} {invocation.id} Task timed out after {self._spec.timeout:.2f} seconds"
        self._log.write(self._spec.name, self.pid, message)
        return InvocationResult(_error("Sandbox.Timedout", message), failed=True)

    def _report(self, invocation_id: str, seconds: float) -> None:
        text = f"REPORT RequestId: {invocation_id} Duration: {seconds * 1000:.2f} ms"
        if not self._init_reported:
            text += f" Init Duration: {(self._api.ready_at - self._started) * 1000:.2f} ms"
            self._init_reported = True
        self._log.write(self._spec.name, self.pid, text)

    def hold(self) -> None:
        """Freeze the process, in the middle of its invocation if it has one.

        Its time-out does not run meanwhile, so it can be let go at any later time.
        """
        with self._api.changed:
            self._held_since = time.time()
            self._signal(signal.SIGSTOP)
            self._api.changed.notify_all()

    def let_go(self) -> None:
        """Let a process continue after ``hold``."""
        with self._api.changed:
            if self._held_since is not None and self._invocation is not None:
                self._invocation.deadline += time.time() - self._held_since
            self._held_since = None
            self._signal(signal.SIGCONT)
            self._api.changed.notify_all()

    def kill(self) -> None:
        """Kill the process and wait for its end."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()

    def close(self) -> None:
        """Kill the process and stop its Runtime API."""
        self.kill()
        self._api.close()

    def _freeze_between_invocations(self) -> None:
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def _read_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 — it was opened as a pipe
        with self._process.stdout as output:
            for line in output:
                text = line.decode("utf-8", "replace").rstrip("\n").replace("\r", "\n")
                if text:
                    self._log.write(self._spec.name, self.pid, text)
        self._process.wait()
        with self._api.changed:
            self._dead = True
            self._api.changed.notify_all()


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _variables(spec: FunctionSpec, context: EnvironmentContext, api_address: str) -> dict[str, str]:
    own = {
        name: str(context.opt / value.removeprefix(OPT)) if value.startswith(OPT) else value
        for name, value in spec.environment.items()
    }
    lambdas = {
        "_HANDLER": spec.handler,
        "AWS_ACCESS_KEY_ID": spec.name,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": context.endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "sandbox",
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(context.opt / "python"), str(context.runtime)]),
        "TZ": ":UTC",
    }
    if spec.json_logs:
        lambdas["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
    return own | lambdas
