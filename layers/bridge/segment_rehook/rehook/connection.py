"""Connections that keep to a call's deadline and know whether its request has left.

A socket's own time-out is per receive: an answer that drips in, a byte a second, never times out.
Here every step (name, connection, TLS, each send, each receive) is given what is left of the
call's time, in the calling thread, so that no second thread ever touches a socket.
"""

from __future__ import annotations

import functools
import select
import socket
import ssl
from typing import TYPE_CHECKING

from segment_rehook.rehook.deadline import CallTimer, Stage
from segment_rehook.rehook.http_answer import MAX_ANSWER_BYTES, ReceivedAnswer, read_answer

if TYPE_CHECKING:
    from segment_rehook.rehook.resolver import Resolver
    from segment_rehook.rehook.safe_url import SafeUrl

# At most one TLS record (RFC 8446, 5.1). A record that did not leave whole can't be read by anyone.
MAX_RECORD_BYTES = 16_384
# More than a record holds, so that no part of one is left within the TLS library.
RECEIVE_BYTES = 65_536
# Long enough to take what has arrived, too short to wait for more. Seconds.
LAST_LOOK = 0.001


class Receiver:
    """Receives from a socket. Each receive may take what is left of the call's time."""

    def __init__(self, sock: socket.socket, timer: CallTimer) -> None:
        self._sock, self._timer = sock, timer
        self._last_look_taken = False

    def receive(self) -> bytes:
        """Give the next bytes, none at the end. Raises TimeoutError when the time is over."""
        try:
            patience = self._timer.left()
        except TimeoutError:
            # The machine may have been frozen while the answer came in. What is here counts.
            if self._last_look_taken:
                raise
            self._last_look_taken, patience = True, LAST_LOOK
        self._sock.settimeout(patience)
        return self._sock.recv(RECEIVE_BYTES)


class Connection:
    """One connection, for one call at a time."""

    def __init__(self, sock: socket.socket, max_answer_bytes: int) -> None:
        self._sock = sock
        self._max_answer_bytes = max_answer_bytes
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    @property
    def has_news(self) -> bool:
        """Whether the server has closed the connection, or has sent something unasked."""
        return bool(self._poll.poll(0))

    def exchange(self, request: bytes, timer: CallTimer) -> ReceivedAnswer:
        """Send a request and read its answer. Raises OSError and AnswerInvalid."""
        try:
            self._send(request, timer)
        except (BrokenPipeError, ConnectionResetError):
            # A server may refuse a large request before it has read all of it, and close.
            if not timer.sent:
                raise
        return read_answer(Receiver(self._sock, timer).receive, self._max_answer_bytes)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _send(self, request: bytes, timer: CallTimer) -> None:
        timer.stage = Stage.SEND
        rest = memoryview(request)
        while rest:
            # Raises if a freeze, or a slow start, has used up the time: somebody else may have
            # taken the delivery over.
            self._sock.settimeout(timer.left())
            rest = rest[self._sock.send(rest[:MAX_RECORD_BYTES]) :]
            timer.sent = True
        timer.stage = Stage.ANSWER


class Connector:
    """Opens connections to one host.

    `tls`, for https alone: another context than the one that trusts the system's certificate
    authorities. `max_answer_bytes`: how much of an answer's body is read.
    """

    def __init__(
        self,
        url: SafeUrl,
        resolver: Resolver,
        tls: ssl.SSLContext | None = None,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._host = url.host.rstrip(".")
        self._resolver = resolver
        self._tls: ssl.SSLContext | None = None
        if url.tls:
            self._tls = tls or _system_context()
            self._tls.set_alpn_protocols(["http/1.1"])

    def open(self, timer: CallTimer) -> Connection:
        """Open a connection within the call's time. Raises OSError, or what the resolver raises."""
        sock = self._connected(timer)
        if self._tls is not None:
            timer.stage = Stage.TLS
            try:
                sock.settimeout(timer.left())  # the handshake as a whole
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
            except BaseException:
                sock.close()
                raise
        return Connection(sock, self._max_answer_bytes)

    def _connected(self, timer: CallTimer) -> socket.socket:
        timer.stage = Stage.DNS
        addresses = self._resolver.addresses(timer.left())
        timer.stage = Stage.CONNECT
        failed: OSError | None = None
        for others, address in zip(range(len(addresses))[::-1], addresses, strict=True):
            try:
                # One that swallows packets leaves time for the others.
                sock = socket.create_connection(address, timer.left() / (others + 1))
            except OSError as error:
                failed = error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        self._resolver.forget()
        raise OSError("no address could be reached") from failed


@functools.cache
def _system_context() -> ssl.SSLContext:
    """One context for all hosts: reading the authorities takes longer than a handshake."""
    return ssl.create_default_context()
