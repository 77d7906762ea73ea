"""Calls to Rehook: the client next to urllib3, and next to sockets that read no answer."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import urllib3

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import ReplyClass
from tools.bench import rehook_server
from tools.bench.measure import Comparison, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS = 1_000
THREADS = (1, 16)
EVENT = Request(
    "POST", "/events/invoke", b'{"event_name":"order_success","source_id":"u1","metadata":{}}'
)
TIMEOUT = 5.0


def comparisons() -> Iterator[Comparison]:
    """For each number of threads."""
    with serving() as url:
        client = RehookClient(url, lambda: ("key", "secret"))
        port = int(url.rpartition(":")[2])
        bare = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=max(THREADS))
        headers = urllib3.make_headers(basic_auth="key:secret", user_agent="bench")
        sockets = Sockets(port)

        def ours() -> None:
            reply = client.call(EVENT, timeout=TIMEOUT, action="trackEvent")
            if reply.kind is not ReplyClass.DELIVERED:
                raise RuntimeError(f"a call failed: {reply}")

        def theirs() -> None:
            bare.urlopen(
                EVENT.method, EVENT.path, EVENT.body, headers, retries=False, timeout=TIMEOUT
            )

        for threads in THREADS:
            with ThreadPoolExecutor(threads) as pool:
                for yardstick, other in (("urllib3", theirs), ("bare sockets", sockets.exchange)):
                    yield compare(
                        f"a call, {threads} thread{'s' * (threads > 1)}",
                        repeated(ours, pool, threads),
                        yardstick,
                        repeated(other, pool, threads),
                        count=CALLS,
                    )
        client.close()
        bare.close()
        sockets.close()


class Sockets:
    """One socket a thread, which sends a request and takes whatever comes: no client costs less."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = threading.local()
        self._all: list[socket.socket] = []
        self._request = (
            f"{EVENT.method} {EVENT.path} HTTP/1.1\r\nContent-Length: {len(EVENT.body)}\r\n\r\n"
        ).encode() + EVENT.body

    def exchange(self) -> None:
        """Send the request and receive once."""
        if not hasattr(self._own, "socket"):
            self._own.socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT)
            self._all.append(self._own.socket)
        self._own.socket.sendall(self._request)
        self._own.socket.recv(65_536)

    def close(self) -> None:
        """Close every thread's."""
        for each in self._all:
            each.close()


def repeated(
    call: Callable[[], None], pool: ThreadPoolExecutor, threads: int
) -> Callable[[], None]:
    """Spread CALLS calls over the threads."""

    def share(_thread: int) -> None:
        for _ in range(CALLS // threads):
            call()

    def work() -> None:
        list(pool.map(share, range(threads)))

    return work


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Run the server; its base URL."""
    command = [sys.executable, "-m", rehook_server.__name__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no output to read its port from")
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
