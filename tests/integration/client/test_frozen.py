"""A process that is frozen in the middle of a call, as Lambda freezes a function."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.client import frozen_call
from tests.integration.client.conftest import Serve
from tests.integration.client.server import ScriptedServer, Wire, always, answer

FROZEN_FOR = frozen_call.TIMEOUT + 0.2


@contextmanager
def calling(server: ScriptedServer, place: str) -> Iterator[subprocess.Popen[str]]:
    """Run `frozen_call` in a process that ends with the test."""
    url = server.url.replace("127.0.0.1", "localhost")
    command = [sys.executable, "-W", "error", "-m", frozen_call.__name__, url, place]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until_stopped(process: subprocess.Popen[str]) -> None:
    """Wait until the process is stopped."""
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)


def thaw_late(process: subprocess.Popen[str]) -> list[str]:
    """Leave the process stopped for longer than the time-out, then continue it; give its lines."""
    until_stopped(process)
    threading.Event().wait(FROZEN_FOR)
    process.send_signal(signal.SIGCONT)
    return process.communicate(timeout=30)[0].splitlines()


def test_thawed_before_connecting_it_sends_nothing(serve: Serve) -> None:
    """A process that was frozen during the name lookup sends nothing: its time is over."""
    server = serve(always(answer()))
    with calling(server, "name") as process:
        assert thaw_late(process) == ["unreachable connect_timeout"]
    assert server.requests == []


def test_thawed_with_a_connection_in_hand_it_sends_nothing(serve: Serve) -> None:
    """The time is checked before each send, also on a connection that is open already."""
    server = serve(always(answer()))
    with calling(server, "kept") as process:
        assert thaw_late(process) == ["delivered 200", "unreachable send_timeout"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("answered", [True, False])
def test_thawed_after_sending_it_takes_the_answer_that_came(serve: Serve, answered: bool) -> None:
    """An answer that came in while the process was frozen counts; without one it is unknown."""
    asked, frozen = threading.Event(), threading.Event()

    def script(wire: Wire) -> None:
        wire.request()
        asked.set()
        frozen.wait(10)
        if answered:
            wire.send(answer())
        wire.until_gone()

    server = serve(script)
    with calling(server, "answer") as process:
        assert asked.wait(10)
        process.send_signal(signal.SIGSTOP)
        until_stopped(process)
        frozen.set()
        said = thaw_late(process)
    assert said == (["delivered 200"] if answered else ["unknown answer_timeout"])
