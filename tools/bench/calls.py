"""Calls to Rehook: the client next to bare urllib3, which promises nothing."""

from __future__ import annotations

import subprocess
import sys
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
        bare = urllib3.HTTPConnectionPool(
            "127.0.0.1", int(url.rpartition(":")[2]), maxsize=max(THREADS)
        )
        headers = urllib3.make_headers(basic_auth="key:secret", user_agent="bench")

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
                yield compare(
                    f"a call, {threads} thread{'s' * (threads > 1)}",
                    repeated(ours, pool, threads),
                    "bare urllib3",
                    repeated(theirs, pool, threads),
                    count=CALLS,
                )
        client.close()
        bare.close()


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
def serving() -> Iterator[str]:
    """Run the server; its base URL."""
    command = [sys.executable, "-m", rehook_server.__name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no output to read its port from")
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
