"""Fixtures: servers and clients that are closed when their test ends."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import trustme

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply
from segment_rehook.rehook.resolver import Address
from tests.integration.client.server import Script, ScriptedServer

EVENT = Request("POST", "/events/invoke", b'{"event_name":"order_success","source_id":"u1"}')

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., RehookClient]


def call(client: RehookClient, timeout: float = 5.0, request: Request = EVENT) -> Reply:
    """Call Rehook with an event."""
    return client.call(request, timeout=timeout, action="trackEvent")


@contextmanager
def swallowing() -> Iterator[Address]:
    """An address that swallows packets, as a firewall does: a server with a full backlog."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield "127.0.0.1", full.getsockname()[1]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Give a stack of what is closed when the test ends."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: ExitStack) -> Serve:
    """Give a function that starts a server, which runs a script for each connection."""

    def start(script: Script, tls: ssl.SSLContext | None = None) -> ScriptedServer:
        return stack.enter_context(ScriptedServer(script, tls))

    return start


@pytest.fixture
def connect(stack: ExitStack) -> Connect:
    """Give a function that makes a client."""

    def make(url: str, **more: Any) -> RehookClient:
        client = RehookClient(url, lambda: ("key", "secret"), **more)
        stack.callback(client.close)
        return client

    return make


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Give a certificate authority that nothing else on this machine trusts."""
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Give a client's TLS context that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """Give a server's TLS context with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
