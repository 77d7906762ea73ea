"""TLS: which certificates are trusted, and that a failed handshake has sent nothing."""

from __future__ import annotations

import ssl

import pytest
import trustme

from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.integration.client.conftest import Connect, Serve, call
from tests.integration.client.server import OK_BODY, Script, Wire, always, answer

FAILED = Reply(kind=ReplyClass.UNREACHABLE, code="tls_failed")


def test_calls_over_tls_are_kept_alive(
    serve: Serve, connect: Connect, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """Several calls use one TLS connection."""
    server = serve(always(answer()), certified)
    client = connect(server.url, tls=trusting)
    assert [call(client).request_id for _ in range(3)] == ["req-1"] * 3
    assert server.connections == 1


def test_a_certificate_of_a_stranger_is_refused(
    serve: Serve, connect: Connect, certified: ssl.SSLContext
) -> None:
    """A certificate of an unknown authority ends the call before anything is sent."""
    server = serve(always(answer()), certified)
    assert call(connect(server.url)) == FAILED
    assert server.requests == []


def test_a_certificate_of_another_host_is_refused(
    serve: Serve, connect: Connect, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """A trusted certificate of another host ends the call before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    server = serve(always(answer()), context)
    assert call(connect(server.url, tls=trusting)) == FAILED
    assert server.requests == []


def plain_text(wire: Wire) -> None:
    """Answer in plain HTTP."""
    wire.receive(65_536)
    wire.send(answer("400 Bad Request"))


def closes_at_once(wire: Wire) -> None:
    """Close the connection."""
    wire.receive(65_536)


def resets_at_once(wire: Wire) -> None:
    """Reset the connection."""
    wire.receive(10)
    wire.reset()


@pytest.mark.parametrize("script", [plain_text, closes_at_once, resets_at_once])
def test_a_handshake_that_fails_has_sent_nothing(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """A handshake that fails leaves the call unreachable, in whatever way it fails."""
    server = serve(script)
    assert call(connect(server.url.replace("http:", "https:"))) == FAILED


def hangs(wire: Wire) -> None:
    """Accept the connection, and send nothing."""
    wire.pause()


def drips(wire: Wire) -> None:
    """Send, byte by byte, a server's hello that never ends."""
    wire.drip(b"\x16\x03\x03\x3f\xff" + bytes(200))


@pytest.mark.parametrize("script", [hangs, drips])
def test_a_handshake_that_hangs_is_given_up_in_time(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """A handshake that is not finished in time leaves the call unreachable."""
    client = connect(serve(script).url.replace("http:", "https:"))
    assert call(client, 0.4) == Reply(kind=ReplyClass.UNREACHABLE, code="tls_timeout")


def dripped_body(wire: Wire) -> None:
    """Send the body with one byte in each TLS record."""
    wire.request()
    wire.send(answer()[: -len(OK_BODY)])
    wire.drip(OK_BODY)


def silent(wire: Wire) -> None:
    """Read the request, and send no answer."""
    wire.request()
    wire.pause()


@pytest.mark.parametrize("script", [dripped_body, silent])
def test_the_time_out_holds_over_tls(
    serve: Serve,
    connect: Connect,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    script: Script,
) -> None:
    """An answer over TLS that is too slow leaves the outcome unknown, as without TLS."""
    client = connect(serve(script, certified).url, tls=trusting)
    assert call(client, 0.4) == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")


def read_then_cut(wire: Wire) -> None:
    """End the connection without TLS's close_notify."""
    wire.request()
    wire.shut()


def read_then_reset(wire: Wire) -> None:
    """Reset the connection after the request was read."""
    wire.request()
    wire.reset()


@pytest.mark.parametrize("script", [read_then_cut, read_then_reset])
def test_gone_after_sending_over_tls_is_unknown(
    serve: Serve,
    connect: Connect,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    script: Script,
) -> None:
    """The server may have read the request, so the outcome is unknown."""
    client = connect(serve(script, certified).url, tls=trusting)
    assert call(client) == Reply(kind=ReplyClass.UNKNOWN, code="answer_failed")


def test_a_large_request_over_tls_arrives_whole(
    serve: Serve, connect: Connect, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A request that needs many TLS records arrives whole."""
    body = bytes(range(256)) * 4_000
    server = serve(always(answer()), certified)
    client = connect(server.url, tls=trusting)
    assert call(client, 10.0, Request("POST", "/x", body)).kind is ReplyClass.DELIVERED
    assert server.requests[0].endswith(body)
