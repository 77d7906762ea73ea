"""Calls that are not answered, or not wholly, and whether anything of them was sent.

Where nothing was sent, the call must not be taken for one whose outcome is unknown. Where anything
was, it must never be taken for one that was not: a reward would be given twice.
"""

from __future__ import annotations

import socket

import pytest

from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.integration.client.conftest import EVENT, Connect, Serve, call
from tests.integration.client.server import OK_BODY, Script, Wire, always, answer

UNSENT, SENT = ReplyClass.UNREACHABLE, ReplyClass.UNKNOWN


def test_refused(connect: Connect) -> None:
    """A call to a port on which nothing listens is unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert call(connect(f"http://127.0.0.1:{port}")) == Reply(kind=UNSENT, code="connect_failed")


def unread_reset(wire: Wire) -> None:
    """Reset the connection before anything is read."""
    wire.reset()


def read_reset(wire: Wire) -> None:
    """Reset the connection after the request was read."""
    wire.request()
    wire.reset()


def read_close(wire: Wire) -> None:
    """Close the connection after the request was read."""
    wire.request()


def half_read_reset(wire: Wire) -> None:
    """Reset the connection while some of the request is unread."""
    wire.receive(10)
    wire.reset()


def test_a_connection_that_is_reset_at_once_is_never_taken_for_a_delivery(
    serve: Serve, connect: Connect
) -> None:
    """The request may have left before the reset came, so the reply is unreachable or unknown."""
    server = serve(unread_reset)
    client = connect(server.url)
    for _ in range(50):
        assert call(client).kind in {UNSENT, SENT}


@pytest.mark.parametrize("script", [read_reset, read_close, half_read_reset])
def test_gone_after_the_request_was_sent(serve: Serve, connect: Connect, script: Script) -> None:
    """The server may have read the request, so the outcome is unknown."""
    reply = call(connect(serve(script).url))
    assert reply == Reply(kind=SENT, code="answer_failed")


def test_gone_while_a_large_request_is_sent(serve: Serve, connect: Connect) -> None:
    """Part of the request has left, and a proxy may have passed it on: the outcome is unknown."""

    def some_then_reset(wire: Wire) -> None:
        wire.receive(20_000)
        wire.reset()

    client = connect(serve(some_then_reset).url)
    large = Request("POST", "/events/invoke", b" " * 20_000_000)
    reply = client.call(large, timeout=10, action="trackEvent")
    assert reply.kind is SENT


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INCOMPLETE = {
    "status line": b"HTTP/1.1 200",
    "head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "head, at a line's end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
    "head of a 404": b"HTTP/1.1 404 Not Found\r\n",
    "no body": answer()[: -len(OK_BODY)],
    "body": answer()[:-1],
    "body of a 404": answer("404 Not Found")[:-1],
    "chunks": CHUNKED + b"5\r\nabcde\r\n",
    "a chunk": CHUNKED + b"5\r\nabc",
    "a chunk's length": CHUNKED + b"5",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01",
}
GARBAGE = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "bytes": bytes(range(256)),
    "blank lines": b"\r\n\r\n\r\n",
    "no number": b"HTTP/1.1 OK 200\r\n\r\n",
    "a small number": b"HTTP/1.1 20 OK\r\n\r\n",
    "a large number": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a long line": b"HTTP/1.1 200 " + b"O" * 100_000 + b"\r\n\r\n",
    "a long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n",
    "two lengths": answer("200 OK", OK_BODY, "Content-Length: 5"),
    "a chunk's length in words": CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("reply", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_an_incomplete_answer_is_no_answer(serve: Serve, connect: Connect, reply: bytes) -> None:
    """An answer that breaks off leaves the outcome unknown, whatever its status line says."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(reply)

    assert call(connect(serve(script).url)) == Reply(kind=SENT, code="answer_failed")


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_not_http_is_no_answer(serve: Serve, connect: Connect, reply: bytes) -> None:
    """Bytes that are not HTTP leave the outcome unknown, and raise nothing."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(reply)
        wire.until_gone()

    assert call(connect(serve(script).url)).kind is SENT


def test_a_connection_that_misbehaved_is_not_used_again(serve: Serve, connect: Connect) -> None:
    """The rest of a malformed answer is never read as the answer to the next request."""

    def script(wire: Wire) -> None:
        wire.request()
        if wire.number == 1:
            wire.send(b"HTTP/1.1 2000 OK\r\n\r\n")
            wire.until_gone()
        else:
            wire.send(answer())

    server = serve(script)
    client = connect(server.url)
    assert [call(client).kind for _ in range(2)] == [SENT, ReplyClass.DELIVERED]
    assert server.connections == 2


def test_an_early_answer_counts(serve: Serve, connect: Connect) -> None:
    """An answer that comes before the request is read whole counts, as a 413 with a close."""

    def refuse(wire: Wire) -> None:
        wire.receive(1000)
        wire.send(answer("413 Too Large", b"", "Connection: close"))
        wire.until_gone()

    client = connect(serve(refuse).url)
    large = Request("POST", "/events/invoke", b" " * 5_000_000)
    reply = client.call(large, timeout=10, action="trackEvent")
    assert (reply.kind, reply.code) == (ReplyClass.REJECTED, "413")


def test_a_closed_client_sends_nothing(serve: Serve, connect: Connect) -> None:
    """After `close`, a call opens no connection and is unreachable."""
    server = serve(Wire.reset)
    client = connect(server.url)
    client.close()
    assert call(client).kind is UNSENT
    assert server.connections == 0


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a b", b"/a%20b"),
        ("/\r\nX: y", b"/%0D%0AX:%20y"),
        ("/ü", b"/%C3%BC"),
        ("/\x00#?a=%20", b"/%00%23?a=%20"),
    ],
)
def test_an_odd_path_can_break_no_request(
    serve: Serve, connect: Connect, path: str, target: bytes
) -> None:
    """The path of a stored request is escaped, so that it can't add a header."""
    server = serve(always(answer()))
    reply = call(connect(server.url), request=Request("POST", path, EVENT.body))
    assert reply.kind is ReplyClass.DELIVERED
    assert server.requests[0].startswith(b"POST " + target + b" HTTP/1.1\r\nHost: ")


@pytest.mark.parametrize("method", ["", "POST /x HTTP/1.1\r\nX: y\r\n\r\nPOST", "PÖST", "POST\n"])
def test_an_odd_method_is_not_sent(serve: Serve, connect: Connect, method: str) -> None:
    """The method of a stored request can't add a header or a request: the call is not made."""
    server = serve(always(answer()))
    reply = call(connect(server.url), request=Request(method, EVENT.path, EVENT.body))
    assert reply == Reply(kind=UNSENT, code="send_failed")
    assert server.connections == 0
