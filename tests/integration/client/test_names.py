"""Host names whose lookup fails, hangs, changes, or gives several addresses."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from segment_rehook.rehook.deadline import Clocks
from segment_rehook.rehook.reply import Reply, ReplyClass
from segment_rehook.rehook.resolver import NAME_KEPT, Address, look_up
from tests.integration.client.conftest import Connect, Serve, call, swallowing
from tests.integration.client.server import Wire, always, answer


class Names:
    """A lookup that gives what a test says and counts how often it is asked."""

    def __init__(self, *addresses: Address) -> None:
        self.addresses = list(addresses)
        self.asked = 0
        self.failing: Exception | None = None

    def __call__(self, _host: str, _port: int) -> list[Address]:
        """Give the addresses, or raise what fails."""
        self.asked += 1
        if self.failing is not None:
            raise self.failing
        return self.addresses


def one_answer(wire: Wire) -> None:
    """Answer one request on each connection."""
    wire.request()
    wire.send(answer("200 OK", b"{}", "Connection: close"))


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("idna"), OSError()])
def test_a_name_that_fails_is_unreachable(connect: Connect, error: Exception) -> None:
    """A lookup that fails leaves the call unreachable, and the next call asks again."""
    names = Names()
    names.failing = error
    client = connect("http://localhost:1", look_up=names)
    unreachable = Reply(kind=ReplyClass.UNREACHABLE, code="dns_failed")
    assert [call(client) for _ in range(2)] == [unreachable] * 2
    assert names.asked == 2


def test_a_name_without_addresses_is_unreachable(connect: Connect) -> None:
    """A lookup that gives no address, and no error, leaves the call unreachable."""
    reply = call(connect("http://localhost:1", look_up=Names()))
    assert reply.kind is ReplyClass.UNREACHABLE


def test_a_name_that_hangs_is_waited_for_no_longer_than_the_time_out(connect: Connect) -> None:
    """Calls that wait for a lookup end with their time-outs, and only one thread asks."""
    over = threading.Event()
    asked = []

    def hang(host: str, port: int) -> list[Address]:
        asked.append((host, port))
        over.wait(30)
        return []

    client = connect("http://localhost:1", look_up=hang)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: call(client, 0.3), range(8)))
    over.set()
    assert replies == [Reply(kind=ReplyClass.UNREACHABLE, code="dns_timeout")] * 8
    assert len(asked) == 1


def test_a_name_is_kept_for_a_while(serve: Serve, connect: Connect) -> None:
    """An answer is used for a minute, and asked for again after it."""
    server = serve(one_answer)
    now = [1000.0]
    names = Names(("127.0.0.1", server.port))
    clocks = Clocks(monotonic=lambda: now[0], wall=lambda: now[0])
    client = connect("http://localhost:1", look_up=names, clocks=clocks)
    call(client)
    now[0] += NAME_KEPT
    call(client)
    assert names.asked == 1
    now[0] += 1
    call(client)
    assert names.asked == 2


def test_a_name_is_asked_again_when_its_addresses_fail(serve: Serve, connect: Connect) -> None:
    """If no address can be reached, the next call asks for the name again."""
    server = serve(one_answer)
    names = Names(("127.0.0.1", 1))
    client = connect("http://localhost:1", look_up=names)
    assert call(client).kind is ReplyClass.UNREACHABLE
    names.addresses = [("127.0.0.1", server.port)]
    assert call(client).kind is ReplyClass.DELIVERED


def test_of_several_addresses_the_first_that_answers_is_used(
    serve: Serve, connect: Connect
) -> None:
    """An address that refuses the connection is passed over."""
    server = serve(always(answer()))
    names = Names(("127.0.0.1", 1), ("127.0.0.1", server.port))
    assert call(connect("http://localhost:1", look_up=names)).kind is ReplyClass.DELIVERED


def test_an_address_that_swallows_packets_leaves_time_for_the_others(
    serve: Serve, connect: Connect
) -> None:
    """An address that does not answer takes only its share of the time."""
    server = serve(always(answer()))
    with swallowing() as address:
        names = Names(address, ("127.0.0.1", server.port))
        reply = call(connect("http://localhost:1", look_up=names), timeout=2.0)
    assert reply.kind is ReplyClass.DELIVERED


def test_the_systems_own_resolver_knows_this_machine() -> None:
    """The default lookup finds the loopback address of localhost."""
    assert ("127.0.0.1", 7) in look_up("localhost", 7)
