"""The Rehook that is measured with."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.reply import ReplyClass
from tools.bench import calls


def test_the_quickest_rehook_can_answer_late() -> None:
    """It holds back the answer to each request for the time that it was given."""
    with calls.serving("--delay-ms", "200") as url, ThreadPoolExecutor(8) as threads:
        client = RehookClient(url, lambda: ("key", "secret"))

        def took(_thread: int) -> float:
            started = time.monotonic()
            reply = client.call(calls.EVENT, timeout=30.0, action="trackEvent")
            assert reply.kind is ReplyClass.DELIVERED
            return time.monotonic() - started

        assert min(threads.map(took, range(16))) >= 0.2
        client.close()
