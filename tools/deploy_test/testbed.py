"""The testbed: an emulated AWS, a stand-in for Rehook, and a copy of the checkout to deploy from.

The copy is what a user has after a clone: `sam deploy --guided` writes to samconfig.toml, and a
step edits a mapping. `close` ends all processes and removes the copy, as does the end of this
process.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import boto3
import pexpect
import psutil
import trustme
import urllib3

from tools.sandbox.listener import LOOPBACK
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.rehook import Behaviour
from tools.sandbox.rehook_server import RehookServer
from tools.sandbox.services import API_KEY, API_SECRET, CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

REGION: Final = "eu-west-1"
DEPLOYED_FROM: Final = ("template.yaml", "samconfig.toml", "functions", "layers", "openapi.yaml")
PROMPT: Final = r"[^\r\n]+: $"
TIMEOUT_SECONDS: Final = 120.0


class StepFailed(Exception):
    """A step does not hold; the text says why."""


def expect(found: object, wanted: object, what: str) -> None:
    """Raise StepFailed if `found` is not `wanted`; `what` names it."""
    if found != wanted:
        raise StepFailed(f"{what}: {found!r}, and it must be {wanted!r}")


class Testbed:
    """The emulator, the stand-in for Rehook, and the copy, where the README's commands are run."""

    def __init__(self) -> None:
        self._group = ProcessGroup()
        self.folder = self._group.scratch / "segment-rehook"
        self.log = self._group.scratch / "emulator.log"
        self.port = _free_port()
        authority = trustme.CA()
        trusted = self._group.scratch / "authority.crt"
        authority.cert_pem.write_to_path(str(trusted))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(LOOPBACK).configure_cert(tls)
        self.rehook = RehookServer(Behaviour(api_key=API_KEY, api_secret=API_SECRET), tls=tls)
        self.environment = self._environment()
        self.folder.mkdir()
        sources = [CHECKOUT / name for name in DEPLOYED_FROM]
        subprocess.run(["cp", "-r", *sources, self.folder], check=True)
        self._start_emulator(trusted)

    def _environment(self) -> dict[str, str]:
        """Give a user's environment, without any AWS settings of this machine."""
        home = self._group.scratch / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
        return kept | {
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{self.port}",
            "SAM_CLI_TELEMETRY": "0",
            # The functions run on this machine, so the layer is built for it, as by `make native`.
            "ARCH": "native",
            "PYTHON": str(CHECKOUT / ".venv/bin/python"),
            "LAYER_CACHE": str(CHECKOUT / ".cache/layers"),
        }

    def _start_emulator(self, trusted: Path) -> None:
        """Start ministack on the loopback address only, with IAM switched on."""
        environment = {
            name: value for name, value in self.environment.items() if name != "AWS_ENDPOINT_URL"
        }
        environment |= {
            "AUTH": "true",
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            # Without this, it listens for MQTT on every address.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": str(self._group.scratch),
            "STATE_DIR": str(self._group.scratch / "state"),
            # The functions inherit it: they call Rehook over https, with this certificate.
            "SSL_CERT_FILE": str(trusted),
        }
        with self.log.open("wb") as log:
            process = self._group.start(
                [sys.executable, "-m", "tools.deploy_test.emulator"],
                cwd=CHECKOUT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

        def ready() -> bool:
            if process.poll() is not None:
                raise StepFailed(f"ministack ended at its start:\n{self.log.read_text()[-2000:]}")
            with socket.socket() as probe:
                return probe.connect_ex((LOOPBACK, self.port)) == 0

        self.wait(ready, "ministack to listen")

    def client(self, service: str) -> Any:
        """Give a boto3 client of the emulated account."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # chosen by name
            region_name=REGION,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 — the emulator's root
        )

    def run(self, command: str, *arguments: str, given: str = "") -> str:
        """Run a command of .venv in the copy, and give its output. Raises StepFailed."""
        done = subprocess.run(
            [CHECKOUT / ".venv/bin" / command, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        if done.returncode != 0:
            raise _ended((command, *arguments), done.returncode, done.stdout)
        return done.stdout

    def answer(self, command: str, *arguments: str, answers: Mapping[str, str]) -> None:
        """Run a command in a terminal, and answer its prompts. Raises StepFailed.

        `answers`: the answer for a prompt that contains the key; other prompts get Enter.
        """
        child = pexpect.spawn(
            str(CHECKOUT / ".venv/bin" / command),
            list(arguments),
            cwd=str(self.folder),
            env=self.environment,
            timeout=TIMEOUT_SECONDS,
            dimensions=(40, 200),
            encoding="utf-8",
        )
        shown = io.StringIO()
        child.logfile_read = shown
        while child.expect([PROMPT, pexpect.EOF]) == 0:
            fitting = [answer for part, answer in answers.items() if part in child.after]
            child.sendline(fitting[0] if fitting else "")
        child.close()
        if child.exitstatus != 0:
            raise _ended((command, *arguments), child.exitstatus, shown.getvalue())

    def wait(self, happened: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        """Wait until `happened` gives a true value. Raises StepFailed after `seconds`."""
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                raise StepFailed(f"waited {seconds:.0f} s for {what}")
            time.sleep(0.1)

    def local(self, url: str) -> str:
        """Give the emulator's URL for a URL of API Gateway."""
        host, _, path = url.removeprefix("https://").partition("/")
        api = host.partition(".")[0]
        return f"http://{LOOPBACK}:{self.port}/_aws/execute-api/{api}/$default/{path}"

    def request(self, method: str, url: str) -> int:
        """Send a request to a URL of API Gateway, and give the status of the answer."""
        return urllib3.request(
            method, self.local(url), timeout=TIMEOUT_SECONDS, retries=False
        ).status

    def depth(self, url: str) -> int:
        """Count the messages of a queue, visible or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(value) for value in found["Attributes"].values())

    def rewards(self, customer: str) -> int:
        """Count the rewards of a customer at Rehook."""
        given = self.rehook.rehook.rewards()
        return sum(each["count"] for each in given if each["source_id"] == customer)

    def delivered(self, customer: str) -> list[str | None]:
        """Give the names of a customer's events, in the order in which Rehook acted on them."""
        calls = self.rehook.calls
        return [each.event_name for each in calls if each.acted and each.source_id == customer]

    def edit(self, name: str, pattern: str, new: str) -> None:
        """Replace the one match of a pattern in a file of the copy. Raises StepFailed."""
        path = self.folder / name
        text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"))
        expect(count, 1, f"matches of {pattern} in {name}")
        path.write_text(text, encoding="utf-8")

    def listening(self) -> set[str]:
        """Give the addresses that the emulator, the functions and Rehook listen on."""
        me, found = psutil.Process(), set()
        for process in (me, *me.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                sockets = process.net_connections("tcp")
                found |= {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN}
        return found

    def close(self) -> None:
        """End all processes and remove the copy."""
        self.rehook.stop()
        self._group.close()


def _ended(command: tuple[str, ...], status: int | None, shown: str) -> StepFailed:
    plain = re.sub(r"\x1b\[[0-9;]*m|\r| +(?= )|-{9,}", "", shown)
    return StepFailed(f"{' '.join(command)}\nended with {status}:\n{plain[-6000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
