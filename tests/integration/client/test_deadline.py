"""One time-out bounds all of a call, whatever the server does to stretch it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest

from segment_rehook.rehook.connection import Receiver
from segment_rehook.rehook.deadline import CallTimer, Clocks
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.integration.client.conftest import Connect, Serve, call, swallowing
from tests.integration.client.server import OK_BODY, Script, Wire, answer

TIMEOUT = 0.4
# A silent server's good answer comes so long after a call's end that a busy machine does not
# confuse the two.
LATE = TIMEOUT + 2.0
# In made-up time, which passes before each part that a server sends.
PAUSE = 0.25
PARTS = len(OK_BODY)


class MadeUpTime:
    """Seconds that pass only when a server says so, and not before the client has looked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clocks = Clocks(monotonic=self._look, wall=lambda: self.now)
        self._looked = threading.Event()
        self._over = False

    def send(self, wire: Wire, parts: Iterable[bytes]) -> None:
        """Let a pause pass before each part. Ends when the test does."""
        for part in parts:
            self._looked.wait()
            self._looked.clear()
            if self._over:
                return
            self.now += PAUSE
            wire.send(part)

    def end(self) -> None:
        """Have nobody wait for a look any more."""
        self._over = True
        self._looked.set()

    def _look(self) -> float:
        self._looked.set()
        return self.now


@pytest.fixture
def made_up(stack: ExitStack) -> Iterator[MadeUpTime]:
    """A time of the test's own, which ends before the servers that wait for it."""
    assert stack is not None
    made = MadeUpTime()
    yield made
    made.end()


def single(data: bytes) -> list[bytes]:
    """The bytes one by one."""
    return [data[place : place + 1] for place in range(len(data))]


def late_start(time: MadeUpTime, wire: Wire) -> None:
    """Begin late: what is left then is less than the whole time."""
    time.now += PARTS * PAUSE / 4
    time.send(wire, single(answer()))


def dripped_head(time: MadeUpTime, wire: Wire) -> None:
    """Send head and body byte by byte."""
    time.send(wire, single(answer()))


def dripped_interims(time: MadeUpTime, wire: Wire) -> None:
    """Ask for patience, again and again."""
    time.send(wire, [b"HTTP/1.1 102 Processing\r\n\r\n"] * PARTS)
    wire.send(answer())


def dripped_body(time: MadeUpTime, wire: Wire) -> None:
    """Send a body of known length byte by byte."""
    wire.send(answer()[: -len(OK_BODY)])
    time.send(wire, single(OK_BODY))


def dripped_chunks(time: MadeUpTime, wire: Wire) -> None:
    """Send chunks of one byte."""
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    time.send(wire, [b"1\r\n%b\r\n" % byte for byte in single(OK_BODY)])
    wire.send(b"0\r\n\r\n")


def dripped_until_closed(time: MadeUpTime, wire: Wire) -> None:
    """Send a body that ends with the connection."""
    wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    time.send(wire, single(OK_BODY))


SLOW = pytest.mark.parametrize(
    "slow",
    [
        late_start,
        dripped_head,
        dripped_interims,
        dripped_body,
        dripped_chunks,
        dripped_until_closed,
    ],
)


def call_slow(
    serve: Serve,
    connect: Connect,
    made_up: MadeUpTime,
    slow: Callable[[MadeUpTime, Wire], None],
    timeout: float,
) -> Reply:
    """Make a call to a server that answers slowly."""

    def script(wire: Wire) -> None:
        wire.request()
        slow(made_up, wire)

    return call(connect(serve(script).url, clocks=made_up.clocks), timeout)


@SLOW
def test_a_slow_answer_is_waited_for_no_longer_than_the_time_out(
    serve: Serve,
    connect: Connect,
    made_up: MadeUpTime,
    slow: Callable[[MadeUpTime, Wire], None],
) -> None:
    """A call ends with the part that comes when its time is over: its outcome is unknown.

    A few parts more may come while the client looks for the last time.
    """
    timeout = PARTS * PAUSE / 2
    reply = call_slow(serve, connect, made_up, slow, timeout)
    assert reply == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")
    assert timeout <= made_up.now <= timeout + 4 * PAUSE


@SLOW
def test_a_slow_answer_is_a_good_one_for_who_has_the_time(
    serve: Serve,
    connect: Connect,
    made_up: MadeUpTime,
    slow: Callable[[MadeUpTime, Wire], None],
) -> None:
    """With time enough, an answer that comes in parts is read to its end."""
    reply = call_slow(serve, connect, made_up, slow, 1_000.0)
    assert reply.kind is ReplyClass.DELIVERED


def no_answer(wire: Wire) -> None:
    """Read, and keep silent."""
    wire.request()
    wire.pause(LATE)
    wire.send(answer())


def unread(wire: Wire) -> None:
    """Do not even read."""
    wire.pause()


@pytest.mark.parametrize("script", [no_answer, unread])
def test_a_silent_server_is_waited_for_no_longer_than_the_time_out(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """A call to a server that says nothing ends when its time is over, and not before."""
    started = time.monotonic()
    reply = call(connect(serve(script).url), TIMEOUT)
    assert reply == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")
    assert time.monotonic() - started >= TIMEOUT


def test_a_request_that_nobody_reads_is_given_up_as_well(serve: Serve, connect: Connect) -> None:
    """A request that nobody reads, and that fills the buffers, ends when its time is over."""
    large = Request("POST", "/events/invoke", b" " * 50_000_000)
    reply = call(connect(serve(unread).url), TIMEOUT, large)
    assert reply == Reply(kind=ReplyClass.UNKNOWN, code="send_timeout")


def test_a_connection_that_nobody_accepts_is_given_up(connect: Connect) -> None:
    """A call ends when its time is over where packets are swallowed, as by a firewall."""
    with swallowing() as (host, port):
        reply = call(connect(f"http://{host}:{port}"), TIMEOUT)
    assert reply == Reply(kind=ReplyClass.UNREACHABLE, code="connect_timeout")


@pytest.mark.parametrize("timeout", [0.0, -1.0, 1e-9])
def test_without_time_nothing_is_sent(serve: Serve, connect: Connect, timeout: float) -> None:
    """A call without time left sends nothing."""
    server = serve(no_answer)
    reply = call(connect(server.url), timeout)
    assert reply.kind is ReplyClass.UNREACHABLE
    assert server.requests == []


def test_what_has_arrived_when_the_time_is_over_is_taken_once() -> None:
    """What has arrived when the time is over, as after a freeze, is read once and no more."""
    here, there = socket.socketpair()
    with here, there:
        receiver = Receiver(here, CallTimer(0.0, Clocks()))
        there.sendall(b"late")
        assert receiver.receive() == b"late"
        there.sendall(b"later")
        with pytest.raises(TimeoutError):
            receiver.receive()


def test_a_late_call_does_not_spoil_the_next(serve: Serve, connect: Connect) -> None:
    """After a call that ran out of time the next one has its own time and is delivered."""

    def script(wire: Wire) -> None:
        while wire.request() is not None:
            if len(server.requests) == 2:
                wire.pause()
            wire.send(answer())

    server = serve(script)
    client = connect(server.url)
    outcomes = [call(client).kind, call(client, TIMEOUT).kind, call(client).kind]
    assert outcomes == [ReplyClass.DELIVERED, ReplyClass.UNKNOWN, ReplyClass.DELIVERED]
    assert server.connections == 2
