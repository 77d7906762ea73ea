"""Subsegments for the calls to Rehook, as X-Ray's daemon receives them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from segment_rehook.aws.tracing import DAEMON, MAX_SUBSEGMENTS, TRACE, TracedRehook
from segment_rehook.rehook.plan import Request
from tools.fakes import rehook
from tools.fakes.rehook import FakeRehook, Turn
from tools.fakes.surroundings import FakeClock

SAMPLED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
REQUEST = Request("POST", "/events/invoke", b'{"source_id": "ann@example.com"}')


class Daemon:
    """What Lambda runs beside a function: a UDP port."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0)
        self.address = "{}:{}".format(*self._socket.getsockname())

    def received(self) -> list[dict[str, Any]]:
        """The documents that came since the last time. Loopback delivers at once."""
        documents: list[dict[str, Any]] = []
        while True:
            try:
                header, _, document = self._socket.recv(65_536).partition(b"\n")
            except BlockingIOError:
                return documents
            assert json.loads(header) == {"format": "json", "version": 1}
            documents.append(json.loads(document))

    def close(self) -> None:
        """Close the port."""
        self._socket.close()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A daemon, for the time of a test."""
    made = Daemon()
    yield made
    made.close()


def called(environment: dict[str, str], turn: Turn = rehook.DELIVERED, times: int = 1) -> None:
    """Make calls of half a second under this environment."""
    clock, fake = FakeClock(), FakeRehook()
    fake.after = lambda _operation, _subject: clock.advance(0.5)
    fake.script.extend([turn] * times)
    with closing(TracedRehook(fake, "api.rehook.ai", clock, environment)) as traced:
        for _ in range(times):
            assert traced.call(REQUEST, timeout=1.0, action="trackEvent") == turn.reply
    assert len(fake.calls) == times


def test_a_call_is_a_subsegment_of_the_functions_segment(daemon: Daemon) -> None:
    """A sampled call is reported under Lambda's segment, with its time and nothing personal."""
    called({TRACE: SAMPLED, DAEMON: daemon.address})
    [document] = daemon.received()

    assert len(document.pop("id")) == 16
    assert document == {
        "type": "subsegment",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "parent_id": "53995c3f42cd8ad8",
        "name": "api.rehook.ai",
        "namespace": "remote",
        "start_time": 1_800_000_000.0,
        "end_time": 1_800_000_000.5,
        "throttle": False,
        "error": False,
        "fault": False,
        "annotations": {
            "action": "trackEvent",
            "reply": "delivered",
            "code": "200",
            "rehook_request_id": "req-1",
        },
    }


@pytest.mark.parametrize(
    ("turn", "flags"),
    [
        (rehook.REJECTED, {"error"}),
        (rehook.THROTTLED, {"error", "throttle"}),
        (rehook.UNREACHABLE, {"fault"}),
        (rehook.UNKNOWN_DONE, {"fault"}),
    ],
)
def test_a_failed_call_is_marked(daemon: Daemon, turn: Turn, flags: set[str]) -> None:
    """X-Ray's three marks say whose failure it was."""
    called({TRACE: SAMPLED, DAEMON: daemon.address}, turn)
    [document] = daemon.received()

    assert {name for name in ("error", "fault", "throttle") if document[name]} == flags


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {TRACE: SAMPLED.replace("Sampled=1", "Sampled=0")},
        {TRACE: "Root=1-5759e988-bd862e3fe1be46a994272793"},
        {TRACE: "garbage;;="},
    ],
    ids=str,
)
def test_what_is_not_sampled_is_not_reported(daemon: Daemon, environment: dict[str, str]) -> None:
    """Without a sampled trace nothing is sent, and the call is made."""
    called({**environment, DAEMON: daemon.address})
    assert daemon.received() == []


@pytest.mark.parametrize("address", ["", "nowhere", "127.0.0.1:0", "127.0.0.1:x"])
def test_without_a_daemon_calls_go_on(address: str) -> None:
    """A daemon that is not there stops no call."""
    called({TRACE: SAMPLED, DAEMON: address})


def test_a_large_batch_is_reported_in_part(daemon: Daemon) -> None:
    """X-Ray limits a trace, so only the first calls of an invocation are reported."""
    called({TRACE: SAMPLED, DAEMON: daemon.address}, times=MAX_SUBSEGMENTS + 20)
    assert len(daemon.received()) == MAX_SUBSEGMENTS
