"""Rehook's HTTP API over urllib3: keep-alive, HTTP Basic, and a deadline for the whole call.

What this module owes the promise: it always knows whether any of a request can have reached the
server. It neither retries nor follows a redirect (which would carry the credentials away), and
heeds no proxy of the environment.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError, ProtocolError

from segment_rehook import __version__
from segment_rehook.rehook.connection import pool_for, timed_by
from segment_rehook.rehook.deadline import CallTimer, Clocks
from segment_rehook.rehook.reply import Answer, Reply, Silence, judge
from segment_rehook.rehook.resolver import Resolver, look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from urllib3 import BaseHTTPResponse

    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.resolver import Address

# An answer longer than this is not Rehook's; what lies beyond is not read.
MAX_ANSWER_BYTES = 65_536
CHECK_AUTH = "/events/segment/check-auth"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# zlib finds out by itself whether it is gzip or zlib (deflate).
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BaseUrlInvalid(ValueError):
    """The base URL would send credentials in clear, or is no URL at all."""


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
        host, port, self._prefix = _checked(base_url)
        self._credentials = credentials
        self._trusts_503 = trusts_503
        self._clocks = clocks or Clocks()
        self._pool = pool_for(
            base_url,
            connections=connections,
            resolver=Resolver(host, port, self._clocks, look_up),
            clocks=self._clocks,
            tls=tls,
        )

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
        headers = self._headers(body)
        try:
            with timed_by(timer):
                response = self._pool.urlopen(
                    method,
                    self._prefix + path,
                    body=body,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                try:
                    content = _read(response)
                finally:
                    response.close()
        except (HTTPError, OSError, ValueError):
            # The error's text may name hosts and bodies; how far the call came says enough.
            how = "timeout" if timer.over else "failed"
            return Silence(sent=timer.sent, cause=f"{timer.stage}_{how}")
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, received, _plain(content, received))

    def _headers(self, body: bytes | None) -> dict[str, str]:
        key, secret = self._credentials()
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {basic}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"segment-rehook/{__version__}",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _checked(base_url: str) -> tuple[str, int, str]:
    """Host, port, and the path to put before each call's own. Raises BaseUrlInvalid."""
    try:
        url = urlsplit(base_url)
        port = url.port or (443 if url.scheme == "https" else 80)
        host = (url.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise BaseUrlInvalid(f"REHOOK_URL is no URL: {error}") from error
    blank = not base_url.isprintable() or " " in base_url
    if not host or blank or url.scheme not in {"https", "http"}:
        raise BaseUrlInvalid("REHOOK_URL must be a URL such as https://api.rehook.ai")
    if url.scheme == "http" and host not in LOOPBACK:
        raise BaseUrlInvalid("REHOOK_URL must be https: the credentials would travel in clear")
    if url.query or url.fragment or "@" in url.netloc:
        raise BaseUrlInvalid("REHOOK_URL must have no user name, query or fragment")
    return host, port, url.path.rstrip("/")


def _read(response: BaseHTTPResponse) -> bytes:
    """The body's beginning. Read to its end, the connection goes back to the pool by itself."""
    content = response.read(MAX_ANSWER_BYTES, decode_content=False)
    # urllib3 says so itself only where nothing at all has come, or at a further read.
    if len(content) < MAX_ANSWER_BYTES and response.length_remaining:
        raise ProtocolError("the answer's body broke off")
    return content


def _plain(content: bytes, headers: Mapping[str, str]) -> bytes:
    """The content, unpacked if a server or proxy packed it without being asked to."""
    if headers.get("content-encoding", "identity") == "identity":
        return content
    try:
        return zlib.decompressobj(GZIP_OR_ZLIB).decompress(content, MAX_ANSWER_BYTES)
    except zlib.error:
        return content
