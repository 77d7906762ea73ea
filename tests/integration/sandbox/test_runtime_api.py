"""Tests of the Runtime API: responses of a function's process, whole and broken off."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tools.sandbox.runtime_api import Invocation, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'
BY_LENGTH = b"Content-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
BY_CHUNK = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(ANSWER), ANSWER)


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    """Start a Runtime API that waits for no process."""
    api = RuntimeApi(waiting=lambda: None)
    yield api
    api.close()


@pytest.fixture
def invocation(api: RuntimeApi) -> Invocation:
    """Give an invocation that the process has taken."""
    invocation = Invocation(event=b"{}", function_arn="arn", deadline=0.0)
    api.hand_over(invocation)
    api.take()
    return invocation


def say(api: RuntimeApi, invocation: Invocation, said: bytes) -> bytes:
    """Send the rest of a response and close the sending side; return all that comes back."""
    host, port = api.address.split(":")
    head = b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\n" % invocation.id.encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + b"Connection: close\r\n" + said)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize("said", [BY_LENGTH, BY_CHUNK], ids=["length", "chunks"])
def test_a_whole_response_counts(api: RuntimeApi, invocation: Invocation, said: bytes) -> None:
    """A whole response is the invocation's outcome, with a content length or in chunks."""
    assert say(api, invocation, said).startswith(b"HTTP/1.1 202")
    assert invocation.outcome is not None
    assert invocation.outcome.payload == ANSWER


def test_a_page_in_a_browser_ends_no_invocation(api: RuntimeApi, invocation: Invocation) -> None:
    """A response with an Origin, or with another name as Host, is 403 and gives no outcome."""
    for header in (b"Origin: http://evil.example\r\n", b"Host: evil.example\r\n"):
        assert say(api, invocation, header + BY_LENGTH).startswith(b"HTTP/1.1 403")
    assert invocation.outcome is None


@pytest.mark.parametrize("said", [BY_LENGTH, BY_CHUNK], ids=["length", "chunks"])
def test_a_response_broken_off_is_none(
    api: RuntimeApi, invocation: Invocation, said: bytes
) -> None:
    """A response that is cut off anywhere gives no outcome.

    An empty outcome would make the event source delete messages that were not delivered.
    """
    for length in range(len(said)):
        assert say(api, invocation, said[:length]) == b"", said[:length]
        assert invocation.outcome is None
