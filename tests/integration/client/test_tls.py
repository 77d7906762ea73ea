"""TLS: who is trusted, and that a handshake that fails or hangs has sent nothing."""

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
    """One handshake, several calls."""
    server = serve(always(answer()), certified)
    client = connect(server.url, tls=trusting)
    assert [call(client).request_id for _ in range(3)] == ["req-1"] * 3
    assert server.connections == 1


def test_a_certificate_of_a_stranger_is_refused(
    serve: Serve, connect: Connect, certified: ssl.SSLContext
) -> None:
    """By default: nothing is sent, neither event nor credentials."""
    server = serve(always(answer()), certified)
    assert call(connect(server.url)) == FAILED
    assert server.requests == []


def test_a_certificate_of_another_host_is_refused(
    serve: Serve, connect: Connect, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """Trusted, but not Rehook's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    server = serve(always(answer()), context)
    assert call(connect(server.url, tls=trusting)) == FAILED
    assert server.requests == []


def plain_text(wire: Wire) -> None:
    """Speak HTTP to who speaks TLS."""
    wire.receive(65_536)
    wire.send(answer("400 Bad Request"))


def closes_at_once(wire: Wire) -> None:
    """Hang up."""
    wire.receive(65_536)


def resets_at_once(wire: Wire) -> None:
    """Reset."""
    wire.receive(10)
    wire.reset()


@pytest.mark.parametrize("script", [plain_text, closes_at_once, resets_at_once])
def test_a_handshake_that_fails_has_sent_nothing(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """However it fails."""
    server = serve(script)
    assert call(connect(server.url.replace("http:", "https:"))) == FAILED


def hangs(wire: Wire) -> None:
    """Accept, and keep silent."""
    wire.pause()


def drips(wire: Wire) -> None:
    """A server's hello that never ends, byte by byte."""
    wire.drip(b"\x16\x03\x03\x3f\xff" + bytes(200))


@pytest.mark.parametrize("script", [hangs, drips])
def test_a_handshake_that_hangs_is_given_up_in_time(
    serve: Serve, connect: Connect, script: Script
) -> None:
    """Nothing was sent."""
    client = connect(serve(script).url.replace("http:", "https:"))
    assert call(client, 0.4) == Reply(kind=ReplyClass.UNREACHABLE, code="tls_timeout")


def dripped_body(wire: Wire) -> None:
    """A record a byte."""
    wire.request()
    wire.send(answer()[: -len(OK_BODY)])
    wire.drip(OK_BODY)


def silent(wire: Wire) -> None:
    """No answer."""
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
    """Sent, and not answered in time."""
    client = connect(serve(script, certified).url, tls=trusting)
    assert call(client, 0.4) == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")


def read_then_cut(wire: Wire) -> None:
    """Cut the connection without TLS's goodbye."""
    wire.request()
    wire.shut()


def read_then_reset(wire: Wire) -> None:
    """Reset after reading."""
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
    """It may have been read."""
    client = connect(serve(script, certified).url, tls=trusting)
    assert call(client) == Reply(kind=ReplyClass.UNKNOWN, code="answer_failed")


def test_a_large_request_over_tls_arrives_whole(
    serve: Serve, connect: Connect, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """Record by record."""
    body = bytes(range(256)) * 4_000
    server = serve(always(answer()), certified)
    client = connect(server.url, tls=trusting)
    assert call(client, 10.0, Request("POST", "/x", body)).kind is ReplyClass.DELIVERED
    assert server.requests[0].endswith(body)
