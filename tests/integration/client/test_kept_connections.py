"""Kept connections: when they are used again, and what a stale connection causes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from segment_rehook.rehook.connection import Connector
from segment_rehook.rehook.deadline import CallTimer, Clocks, Stage
from segment_rehook.rehook.pool import IDLE_MARGIN, MAX_IDLE_SECONDS
from segment_rehook.rehook.reply import ReplyClass
from segment_rehook.rehook.resolver import Resolver
from segment_rehook.rehook.safe_url import SafeUrl
from tests.integration.client.conftest import Connect, Serve, call
from tests.integration.client.server import Wire, always, answer


class Bent:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.monotonic = self.wall = 1000.0

    @property
    def clocks(self) -> Clocks:
        """Give the clocks as the client takes them."""
        return Clocks(monotonic=lambda: self.monotonic, wall=lambda: self.wall)

    def both(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.monotonic += seconds
        self.wall += seconds

    def frozen(self, seconds: float) -> None:
        """Let time pass as on a frozen machine, whose monotonic clock stands still."""
        self.wall += seconds

    def set_back(self, seconds: float) -> None:
        """Let time pass while the wall clock is set back by an hour."""
        self.monotonic += seconds
        self.wall += seconds - 3600


PASSING: list[Callable[[Bent, float], None]] = [Bent.both, Bent.frozen, Bent.set_back]


@pytest.mark.parametrize("idle", PASSING)
def test_a_connection_that_idled_is_dropped(
    serve: Serve, connect: Connect, idle: Callable[[Bent, float], None]
) -> None:
    """A connection is dropped if either clock says that it idled for too long."""
    server, bent = serve(always(answer())), Bent()
    client = connect(server.url, clocks=bent.clocks)
    call(client)
    idle(bent, MAX_IDLE_SECONDS + 0.1)
    call(client)
    assert server.connections == 2


def test_a_connection_that_idled_briefly_is_used_again(serve: Serve, connect: Connect) -> None:
    """The idle time counts from the last use."""
    server, bent = serve(always(answer())), Bent()
    client = connect(server.url, clocks=bent.clocks)
    for _ in range(5):
        assert call(client).kind is ReplyClass.DELIVERED
        bent.both(MAX_IDLE_SECONDS - 0.1)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("header", "trusted"),
    [
        ("Keep-Alive: timeout=2", 2.0 - IDLE_MARGIN),
        ("keep-alive: max=100, Timeout = 3", 3.0 - IDLE_MARGIN),
        ("Keep-Alive: timeout=75", MAX_IDLE_SECONDS),
        ("Keep-Alive: timeout=x", MAX_IDLE_SECONDS),
        ("Keep-Alive: max=1", MAX_IDLE_SECONDS),
    ],
)
def test_a_limit_that_the_server_names_is_kept_with_a_margin(
    serve: Serve, connect: Connect, header: str, trusted: float
) -> None:
    """The limit in `Keep-Alive` is shortened, so that a request arrives before it."""
    server, bent = serve(always(answer("200 OK", b"{}", header))), Bent()
    client = connect(server.url, clocks=bent.clocks)
    call(client)
    bent.both(trusted - 0.1)
    call(client)
    assert server.connections == 1
    bent.both(trusted + 0.1)
    call(client)
    assert server.connections == 2


@pytest.mark.parametrize("limit", [0, 1])
def test_a_connection_that_the_server_hardly_keeps_is_not_used_again(
    serve: Serve, connect: Connect, limit: int
) -> None:
    """A limit of a second or less leaves no time in which a request would certainly arrive."""
    server, bent = serve(always(answer("200 OK", b"{}", f"Keep-Alive: timeout={limit}"))), Bent()
    client = connect(server.url, clocks=bent.clocks)
    call(client)
    bent.both(0.01)
    call(client)
    assert server.connections == 2


def test_a_connection_is_given_up_well_before_servers_usually_close_it() -> None:
    """Our limit is well below five seconds, the limit of Node, Apache and others."""
    assert MAX_IDLE_SECONDS <= 5.0 - IDLE_MARGIN


def closes(wire: Wire) -> None:
    """Close the connection."""
    wire.close()


def resets(wire: Wire) -> None:
    """Reset the connection."""
    wire.reset()


def speaks_unasked(wire: Wire) -> None:
    """Send a 408 unasked and close, as load balancers do."""
    wire.send(answer("408 Request Timeout", b"", "Connection: close"))
    wire.close()


@pytest.mark.parametrize("end", [closes, resets, speaks_unasked])
def test_a_connection_that_the_server_has_closed_is_not_used(
    serve: Serve, connect: Connect, end: Callable[[Wire], None]
) -> None:
    """That the server has closed is seen before anything is sent, so the call is delivered."""
    ended = threading.Event()

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(answer())
        if wire.number == 1:
            end(wire)
            ended.set()
        wire.until_gone()

    server = serve(script)
    client = connect(server.url)
    assert call(client).kind is ReplyClass.DELIVERED
    assert ended.wait(5)
    assert call(client).kind is ReplyClass.DELIVERED
    assert server.connections == 2


def test_a_stale_connection_whose_end_comes_first_has_sent_nothing(serve: Serve) -> None:
    """If the reset arrives before the request leaves, sending fails and nothing counts as sent."""
    gone = threading.Event()

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(answer())
        wire.reset()
        gone.set()

    clocks = Clocks()
    url = SafeUrl.parse(serve(script).url)
    connector = Connector(url, Resolver(url.host, url.port, clocks), tls=None)
    connection = connector.open(CallTimer(5.0, clocks))
    request = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    connection.exchange(request, CallTimer(5.0, clocks))
    assert gone.wait(5)
    timer = CallTimer(5.0, clocks)
    with pytest.raises(ConnectionError):
        connection.exchange(request, timer)
    connection.close()
    assert (timer.sent, timer.stage) == (False, Stage.SEND)


def test_a_stale_connection_whose_end_comes_second_leaves_the_outcome_unknown(
    serve: Serve, connect: Connect
) -> None:
    """If the server closes while the request is on its way, it may have read it."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(answer())
        wire.request()

    client = connect(serve(script).url)
    assert [call(client).kind for _ in range(2)] == [ReplyClass.DELIVERED, ReplyClass.UNKNOWN]


def test_a_second_answer_to_one_request_is_never_taken_for_the_next(
    serve: Serve, connect: Connect
) -> None:
    """A connection on which a second answer came is not used again."""
    twice = answer() + answer("200 OK", b'{"requestId":"foreign"}')
    server = serve(always(twice))
    client = connect(server.url)
    assert [call(client).request_id for _ in range(3)] == ["req-1"] * 3


def test_no_more_connections_are_kept_than_the_client_is_told(
    serve: Serve, connect: Connect
) -> None:
    """A call beyond that number opens a connection, which is closed after the call."""
    together = threading.Barrier(2)

    def script(wire: Wire) -> None:
        while wire.request() is not None:
            together.wait(10)
            wire.send(answer())

    server = serve(script)
    client = connect(server.url, connections=1)
    with ThreadPoolExecutor(2) as threads:
        for opened in (2, 3):
            assert len(list(threads.map(lambda _: call(client), range(2)))) == 2
            assert server.connections == opened
