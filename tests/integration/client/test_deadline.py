"""One time-out bounds a whole call, however slowly the server sends."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from segment_rehook.rehook.connection import Receiver
from segment_rehook.rehook.deadline import CallTimer, Clocks
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.integration.client.conftest import Connect, Serve, call
from tests.integration.client.server import OK_BODY, Script, Wire, answer

TIMEOUT = 0.4
# Every slow script ends in a good answer, so long after a call's end that a busy machine does not
# confuse the two: a client that waits for each part anew gets it, one that counts does not.
LATE = TIMEOUT + 2.0
# Shorter than the time-out: no single receive may run over. A body byte by byte takes until LATE.
DRIP = LATE / len(OK_BODY)


def no_answer(wire: Wire) -> None:
    """Read the request, and answer after the time-out."""
    wire.request()
    wire.pause(LATE)
    wire.send(answer())


def unread(wire: Wire) -> None:
    """Read nothing."""
    wire.pause()


def late_start(wire: Wire) -> None:
    """Begin the answer when most of the time is over, and then send it slowly."""
    wire.request()
    wire.pause(TIMEOUT * 0.75)
    wire.drip(answer(), DRIP)


def dripped_head(wire: Wire) -> None:
    """Send the head of the answer byte by byte."""
    wire.request()
    wire.drip(answer(), DRIP)


def dripped_interims(wire: Wire) -> None:
    """Send many interim answers before the final one."""
    wire.request()
    for _ in OK_BODY:
        wire.pause(DRIP)
        wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")
    wire.send(answer())


def dripped_body(wire: Wire) -> None:
    """Send a body of known length byte by byte."""
    wire.request()
    wire.send(answer()[: -len(OK_BODY)])
    wire.drip(OK_BODY, DRIP)


def dripped_chunks(wire: Wire) -> None:
    """Send slowly a body in chunks of one byte."""
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for byte in OK_BODY:
        wire.pause(DRIP)
        wire.send(b"1\r\n%c\r\n" % byte)
    wire.send(b"0\r\n\r\n")


def dripped_until_closed(wire: Wire) -> None:
    """Send byte by byte a body that ends with the connection."""
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    wire.drip(OK_BODY, DRIP)


SLOW: list[Script] = [
    no_answer,
    unread,
    late_start,
    dripped_head,
    dripped_interims,
    dripped_body,
    dripped_chunks,
    dripped_until_closed,
]


@pytest.mark.parametrize("script", SLOW)
def test_a_slow_answer_is_waited_for_no_longer_than_the_time_out(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """The call ends when its time is over, not before, with an unknown outcome: it was sent."""
    started = time.monotonic()
    reply = call(connect(serve(script).url), TIMEOUT)
    assert reply == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")
    assert time.monotonic() - started >= TIMEOUT


def test_a_slow_answer_is_a_good_one_for_who_has_the_time(serve: Serve, connect: Connect) -> None:
    """With a longer time-out, the same scripts end in a delivery."""
    clients = [connect(serve(script).url) for script in SLOW if script is not unread]
    with ThreadPoolExecutor(len(clients)) as threads:
        replies = list(threads.map(lambda client: call(client, 60.0), clients))
    assert {reply.kind for reply in replies} == {ReplyClass.DELIVERED}


def test_a_request_that_nobody_reads_is_given_up_as_well(serve: Serve, connect: Connect) -> None:
    """Sending ends with the time-out when the system's buffers are full."""
    large = Request("POST", "/events/invoke", b" " * 50_000_000)
    reply = call(connect(serve(unread).url), TIMEOUT, large)
    assert reply == Reply(kind=ReplyClass.UNKNOWN, code="send_timeout")


def test_a_connection_that_nobody_accepts_is_given_up(connect: Connect) -> None:
    """Connecting ends with the time-out when the server accepts no connection."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        reply = call(connect(f"http://127.0.0.1:{full.getsockname()[1]}"), TIMEOUT)
        assert reply == Reply(kind=ReplyClass.UNREACHABLE, code="connect_timeout")


@pytest.mark.parametrize("timeout", [0.0, -1.0, 1e-9])
def test_without_time_nothing_is_sent(serve: Serve, connect: Connect, timeout: float) -> None:
    """A call whose time is over when it begins sends nothing."""
    server = serve(no_answer)
    reply = call(connect(server.url), timeout)
    assert reply.kind is ReplyClass.UNREACHABLE
    assert server.requests == []


def test_what_has_arrived_when_the_time_is_over_is_taken_once() -> None:
    """Bytes that have arrived when the time is over are read once, and a second time is refused."""
    here, there = socket.socketpair()
    with here, there:
        receiver = Receiver(here, CallTimer(0.0, Clocks()))
        there.sendall(b"late")
        assert receiver.receive() == b"late"
        there.sendall(b"later")
        with pytest.raises(TimeoutError):
            receiver.receive()


def test_a_late_call_does_not_spoil_the_next(serve: Serve, connect: Connect) -> None:
    """A call that timed out changes neither the time-out nor the connection of the next call."""

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
