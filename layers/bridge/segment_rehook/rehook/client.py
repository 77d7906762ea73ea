"""Rehook's HTTP API: HTTP Basic, kept connections, and a deadline for the whole call.

What this module owes the promise: it always knows whether any of a request can have reached the
server. It neither retries nor follows a redirect (which would carry the credentials away), and
takes no proxy from the environment.
"""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from segment_rehook import __version__
from segment_rehook.rehook.connection import Connector
from segment_rehook.rehook.deadline import CallTimer, Clocks
from segment_rehook.rehook.http_answer import MAX_ANSWER_BYTES
from segment_rehook.rehook.pool import Pool
from segment_rehook.rehook.reply import Answer, Reply, Silence, judge
from segment_rehook.rehook.resolver import Resolver, look_up
from segment_rehook.rehook.safe_url import SafeUrl

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.resolver import Address

CHECK_AUTH = "/events/segment/check-auth"

# A method and a target that can neither end the request's first line nor name another host.
_REQUEST_LINE = re.compile(r"[A-Z]+ /[!-~]*")
_SAFE_IN_TARGET = "/%?=&:@!$'()*+,;~"
# zlib finds out by itself whether it is gzip or zlib (deflate).
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class RehookClient:
    """The port `Rehook`, for real. Thread-safe.

    `base_url` must be https, except on loopback. `credentials` gives (API key, API secret) and is
    asked at each call, so that a rotation needs no new client; what it raises, a call raises
    before anything is sent. `connections`: how many are kept. `trusts_503`: see `judge`. `tls`:
    another context than the one that trusts the system's certificate authorities.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Callable[[], tuple[str, str]],
        *,
        connections: int = 16,
        trusts_503: bool = True,
        clocks: Clocks | None = None,
        look_up: Callable[[str, int], list[Address]] = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        url = SafeUrl.parse(base_url)
        self._prefix, self._host = url.path, url.authority
        self._credentials = credentials
        self._trusts_503 = trusts_503
        self._clocks = clocks or Clocks()
        resolver = Resolver(url.host, url.port, self._clocks, look_up)
        connector = Connector(url, resolver, tls)
        self._pool = Pool(connector, self._clocks, connections=connections)
        self._headers: tuple[tuple[str, str], bytes] | None = None

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make one call; `timeout` in seconds bounds all of it. What goes wrong, the Reply says."""
        exchange = self._exchange(request.method, request.path, request.body, timeout)
        return judge(exchange, action=action, now=self._clocks.wall(), trusts_503=self._trusts_503)

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth: True at 200, False at 401 or 403, None where it says neither."""
        exchange = self._exchange("GET", CHECK_AUTH, None, timeout)
        if isinstance(exchange, Silence):
            return None
        return {200: True, 401: False, 403: False}.get(exchange.status)

    def close(self) -> None:
        """Close every connection, for good: a later call says that nothing was sent."""
        self._pool.close()

    def _exchange(
        self, method: str, path: str, body: bytes | None, timeout: float
    ) -> Answer | Silence:
        timer = CallTimer(timeout, self._clocks)
        headers = self._headers_for(self._credentials())
        try:
            request = self._request(method, path, headers, body)
            answer = self._pool.exchange(request, timer)
        except (OSError, ValueError):
            # The error's text may name hosts and bodies; how far the call came says enough.
            how = "timeout" if timer.over else "failed"
            return Silence(sent=timer.sent, cause=f"{timer.stage}_{how}")
        return _unpacked(answer)

    def _request(self, method: str, path: str, headers: bytes, body: bytes | None) -> bytes:
        """Write the request. A path that is not plain is escaped, or refused with ValueError."""
        line = f"{method} {self._prefix}{path}"
        if _REQUEST_LINE.fullmatch(line) is None:
            line = f"{method} {quote(self._prefix + path, _SAFE_IN_TARGET)}"
            if _REQUEST_LINE.fullmatch(line) is None:
                raise ValueError("the stored method or path is none")
        if body is None:
            return b"%b HTTP/1.1\r\n%b\r\n" % (line.encode(), headers)
        return (
            b"%b HTTP/1.1\r\n%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        ) % (line.encode(), headers, len(body), body)

    def _headers_for(self, pair: tuple[str, str]) -> bytes:
        """The lines that each request of a key pair has; those of the last pair are kept."""
        kept = self._headers
        if kept is None or kept[0] != pair:
            basic = base64.b64encode(":".join(pair).encode()).decode()
            lines = (
                f"Host: {self._host}",
                f"Authorization: Basic {basic}",
                "Accept: application/json",
                "Accept-Encoding: identity",
                f"User-Agent: segment-rehook/{__version__}",
                "",
            )
            kept = self._headers = (pair, "\r\n".join(lines).encode())
        return kept[1]


def _unpacked(answer: Answer) -> Answer:
    """The answer, its body unpacked if a server or proxy packed it without being asked to."""
    if answer.headers.get("content-encoding", "identity") == "identity":
        return answer
    try:
        body = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(answer.body, MAX_ANSWER_BYTES)
    except zlib.error:
        return answer
    return replace(answer, body=body)
