"""`up --console`: where its address is printed, what it needs, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.console.running import Visitor
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that starts `up --console`; end its processes after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.sandbox", "up", "--port", "0", "--console", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": ""},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_address_is_for_the_user_alone(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """It is printed on standard output and in no log; SIGTERM ends all, with a stream open."""
    build()
    running = command("--console-port", "0")
    assert running.stdout is not None
    line = running.stdout.readline()
    address = line.rpartition(" ")[2].strip()
    url, _, token = address.partition("/#")
    visitor = Visitor(url)
    assert visitor.sign_in(token).status == 204
    assert visitor.open("/").status == 200
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 20) as stream:
        cookie = visitor.headers["Cookie"]
        stream.sendall(
            f"GET /stream HTTP/1.1\r\nHost: {visitor.host}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        running.send_signal(signal.SIGTERM)
        _, log = running.communicate(timeout=40)
    assert running.returncode == 0
    assert token not in log
    assert "Traceback" not in log
    assert list(tmp_path.rglob("*.json")) == []


def test_a_port_that_is_in_use_is_one_sentence(
    command: Callable[..., subprocess.Popen[str]],
) -> None:
    """The sentence names the console's own option, and nothing is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        running = command("--console-port", port)
        output, error = running.communicate(timeout=40)
    assert running.returncode == 1
    assert output == ""
    assert f"port {port} is in use; choose another with --console-port" in error


def test_a_script_gets_the_address_too(command: Callable[..., subprocess.Popen[str]]) -> None:
    """With --json, the one line has it."""
    build()
    running = command("--console-port", "0", "--json")
    assert running.stdout is not None
    described = json.loads(running.stdout.readline())
    assert described["console"].startswith("http://127.0.0.1:")
    assert "/#" in described["console"]
