"""The connections to one host that are kept between calls.

A request that is sent on a stale connection looks like an unknown outcome. Lambda freezes between
invocations and servers close what idles, so a connection is used again only within a few seconds,
and only if the server has neither closed it nor said something on it.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from segment_rehook.rehook.deadline import CallTimer, Clocks, Stopwatch

if TYPE_CHECKING:
    from segment_rehook.rehook.connection import Connection, Connector
    from segment_rehook.rehook.reply import Answer

# Seconds. Five is the limit of many servers; a request sent just before it arrives just after it.
MAX_IDLE_SECONDS = 4.0
# Seconds that a request needs to arrive before the end of a limit that the server itself names.
IDLE_MARGIN = 1.0

_NAMED_LIMIT = re.compile(r"(?:^|[,\s])timeout\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)


class Pool:
    """Makes exchanges, each over a connection that no other one uses. Thread-safe.

    `connections`: how many are kept; more are opened when more threads call. `max_idle`: seconds
    after which one is not used again.
    """

    def __init__(
        self,
        connector: Connector,
        clocks: Clocks,
        *,
        connections: int,
        max_idle: float = MAX_IDLE_SECONDS,
    ) -> None:
        self._connector = connector
        self._clocks = clocks
        self._most = connections
        self._max_idle = max_idle
        self._lock = threading.Lock()
        self._closed = False
        # The one used last is the first to be used again: the others may idle and go.
        self._kept: list[tuple[Connection, Stopwatch, float]] = []

    def exchange(self, request: bytes, timer: CallTimer) -> Answer:
        """Send a request and read its answer. Raises OSError and ValueError."""
        connection = self._take() or self._connector.open(timer)
        try:
            answer, keep = connection.exchange(request, timer)
        except BaseException:
            connection.close()
            raise
        if keep:
            self._put(connection, self._trusted_for(answer.headers.get("keep-alive")))
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close what is kept, for good. A later exchange sends nothing and raises OSError."""
        with self._lock:
            self._closed = True
            kept, self._kept = self._kept, []
        for connection, _, _ in kept:
            connection.close()

    def _take(self) -> Connection | None:
        """Give the newest connection that may be used, and close newer ones that may not."""
        while True:
            with self._lock:
                if self._closed:
                    raise OSError("the client is closed")
                if not self._kept:
                    return None
                connection, idle, trusted = self._kept.pop()
            if idle.elapsed() <= trusted and not connection.has_news:
                return connection
            connection.close()

    def _put(self, connection: Connection, trusted: float) -> None:
        with self._lock:
            if not self._closed and len(self._kept) < self._most:
                self._kept.append((connection, Stopwatch(self._clocks), trusted))
                return
        connection.close()

    def _trusted_for(self, keep_alive: str | None) -> float:
        """Seconds for which an idle connection may be used again. `keep_alive`: the header.

        `Keep-Alive: timeout=5` names the server's own limit in seconds (RFC 2068, 19.7.1).
        """
        named = _NAMED_LIMIT.search(keep_alive) if keep_alive else None
        return min(self._max_idle, float(named[1]) - IDLE_MARGIN) if named else self._max_idle
