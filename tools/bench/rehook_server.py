"""The quickest Rehook there can be, in a process of its own: it prints its port and answers 200.

`python -m tools.bench.rehook_server [--delay-ms 50]`: each answer waits for so long, without a
thread and without holding up other connections.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import selectors
from typing import cast

_BODY = b'{"message":"Request processed sucessfully","requestId":"6df44043"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_BODY),
    _BODY,
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# Connections that may wait to be accepted: a client's threads all open theirs at once.
BACKLOG = 1_024


class Answering(asyncio.Protocol):
    """One connection. `delay`: seconds between a request and its answer."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it for the answers."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, _, rest = self._unread.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._unread = rest[size:]
            if self._delay:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


async def main(delay: float) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Answering(delay), "127.0.0.1", 0, backlog=BACKLOG
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0.0, metavar="MS")
    seconds = parser.parse_args().delay_ms / 1000
    # Other selectors wait in whole milliseconds, rounded up.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(main(seconds))
