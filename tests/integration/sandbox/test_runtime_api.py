"""What a function's process says to the sandbox, and what it was about to say when it died."""

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
    """A Runtime API whose process has nothing to wait for."""
    api = RuntimeApi(waiting=lambda: None)
    yield api
    api.close()


@pytest.fixture
def invocation(api: RuntimeApi) -> Invocation:
    """One that the process has taken."""
    invocation = Invocation(event=b"{}", function_arn="arn", deadline=0.0)
    api.hand_over(invocation)
    api.take()
    return invocation


def say(api: RuntimeApi, invocation: Invocation, said: bytes) -> bytes:
    """Send the end of a response, close, and give what comes back until the other side closes."""
    host, port = api.address.split(":")
    head = b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\n" % invocation.id.encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + b"Connection: close\r\n" + said)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize("said", [BY_LENGTH, BY_CHUNK], ids=["length", "chunks"])
def test_a_whole_response_counts(api: RuntimeApi, invocation: Invocation, said: bytes) -> None:
    """However its length is told."""
    assert say(api, invocation, said).startswith(b"HTTP/1.1 202")
    assert invocation.outcome is not None
    assert invocation.outcome.payload == ANSWER


@pytest.mark.parametrize("said", [BY_LENGTH, BY_CHUNK], ids=["length", "chunks"])
def test_a_response_broken_off_is_none(
    api: RuntimeApi, invocation: Invocation, said: bytes
) -> None:
    """A process killed while it answers has not answered.

    An empty response would make the event source delete what was never delivered.
    """
    for length in range(len(said)):
        assert say(api, invocation, said[:length]) == b"", said[:length]
        assert invocation.outcome is None
