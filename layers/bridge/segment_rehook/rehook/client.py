"""Rehook's HTTP API over urllib3: keep-alive, HTTP Basic, and a deadline for the whole call.

What this module owes the promise: it always knows whether any of a request can have reached the
server. It neither retries nor follows a redirect (which would carry the credentials away).

urllib3's time-outs are per receive, and name resolution has none at all. So names are resolved in
a thread that does nothing else, and a watchdog shuts the socket of a call that is over its time.
Lambda freezes a function between invocations: a connection that has idled is closed before use,
since a stale one's reset would look like a call with an unknown outcome.
"""

from __future__ import annotations

import base64
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from segment_rehook import __version__
from segment_rehook.rehook.connection import CallTimer, Resolver, Watchdog, pool_for
from segment_rehook.rehook.reply import Answer, Reply, Silence, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.rehook.plan import Request

# An answer longer than this is not Rehook's; what lies beyond is not read.
ANSWER_MOST = 65_536
CHECK_AUTH = "/events/segment/check-auth"


class BaseUrlInvalid(ValueError):
    """The base URL would send credentials in clear, or is no URL at all."""


class RehookClient:
    """The port `Rehook`, for real.

    `base_url` must be https, except on loopback. `credentials` gives (API key, API secret) and is
    asked at each call, so that a rotation needs no new client. `connections`: how many are kept.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Callable[[], tuple[str, str]],
        *,
        connections: int = 16,
        now: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._prefix = _checked(base_url)
        self._credentials = credentials
        self._now = now
        self._watchdog = Watchdog()
        self._pool = pool_for(
            base_url, connections=connections, resolver=Resolver(), watchdog=self._watchdog, tls=tls
        )

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make one call; `timeout` in seconds bounds all of it. Never raises: the Reply says it."""
        exchange = self._exchange(request.method, request.path, request.body, timeout)
        return judge(exchange, action=action, now=self._now())

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth: True at 200, False at 401 or 403, None where it says neither."""
        exchange = self._exchange("GET", CHECK_AUTH, None, timeout)
        if isinstance(exchange, Silence):
            return None
        return {200: True, 401: False, 403: False}.get(exchange.status)

    def close(self) -> None:
        """Close every connection; a call may open new ones."""
        self._pool.close()
        self._watchdog.close()

    def _exchange(
        self, method: str, path: str, body: bytes | None, timeout: float
    ) -> Answer | Silence:
        timer = CallTimer(timeout)
        try:
            with self._watchdog.watching(timer):
                response = self._pool.urlopen(
                    method,
                    self._prefix + path,
                    body=body,
                    headers=self._headers(body),
                    timeout=urllib3.Timeout(connect=timeout, read=timeout),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                try:
                    # Read to its end, the connection goes back to the pool by itself.
                    content = response.read(ANSWER_MOST, decode_content=False)
                finally:
                    response.close()
        except (HTTPError, OSError, ValueError) as error:
            return Silence(sent=timer.sent, cause=_cause(error, expired=timer.expired))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, content)

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


def _checked(base_url: str) -> str:
    """The path to put before each call's own. Raises BaseUrlInvalid."""
    url = urlsplit(base_url)
    loopback = url.hostname in {"127.0.0.1", "localhost", "::1"}
    if not url.hostname or url.scheme not in {"https", "http"}:
        raise BaseUrlInvalid("REHOOK_URL must be a URL such as https://api.rehook.ai")
    if url.scheme == "http" and not loopback:
        raise BaseUrlInvalid("REHOOK_URL must be https: the credentials would travel in clear")
    if url.query or url.fragment or url.username:
        raise BaseUrlInvalid("REHOOK_URL must have no user name, query or fragment")
    return url.path.rstrip("/")


def _cause(error: Exception, *, expired: bool) -> str:
    """A word for the log; the error's own text may name hosts and bodies."""
    if expired:
        return "timeout"
    if isinstance(error, SSLError | ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectTimeoutError):
        return "connect_timeout"
    if isinstance(error, NewConnectionError):
        return "connect"
    return "reset"
