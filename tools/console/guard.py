"""Who may use the console: one browser that was given the token, on the console's own pages.

Other pages in the same browser can send requests to 127.0.0.1 too, and the browser adds the
cookie to those of other ports. So each request needs the exact Host (a name that was rebound to
127.0.0.1 has another one), no other Origin, and, where the browser sends Sec-Fetch-Site, a page of
this origin or none. A change needs the Origin, and a header that no form can send.
"""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

__all__ = ["CHANGE_HEADER", "Guard", "NotAllowed"]

CHANGE_HEADER: Final = "X-Console"

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class NotAllowed(Exception):
    """A request is refused, with a status and a sentence that tells nothing of the token."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Guard:
    """The rules of one console. ``token``: what its address has in its fragment."""

    def __init__(self, host: str) -> None:
        self.token: Final = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self._host = host
        self._origin = f"http://{host}"
        self._cookie = f"console-{host.rpartition(':')[2]}"

    def check_source(self, request: Request) -> None:
        """Refuse a request that another page, or a name of another server, has brought here."""
        if request.headers.get("Host") != self._host:
            raise NotAllowed(HTTPStatus.MISDIRECTED_REQUEST, f"This is {self._host} and no other.")
        changes = request.method not in {"GET", "HEAD"}
        origin = request.headers.get("Origin")
        if origin != self._origin and (changes or origin is not None):
            raise NotAllowed(HTTPStatus.FORBIDDEN, "The request comes from another page.")
        if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            raise NotAllowed(HTTPStatus.FORBIDDEN, "The request comes from another page.")
        if changes and CHANGE_HEADER not in request.headers:
            raise NotAllowed(HTTPStatus.FORBIDDEN, f"A change needs the header {CHANGE_HEADER}.")

    def is_signed_in(self, request: Request) -> bool:
        """Whether the request has the session's cookie."""
        return _same(request.cookies.get(self._cookie, ""), self._session)

    def sign_in(self, token: object, response: Response) -> None:
        """Exchange the token for the cookie. Raises NotAllowed for any other token."""
        if not (isinstance(token, str) and _same(token, self.token)):
            raise NotAllowed(HTTPStatus.UNAUTHORIZED, "This is not this console's token.")
        response.set_cookie(self._cookie, self._session, httponly=True, samesite="Strict")

    @staticmethod
    def add_headers(response: Response) -> None:
        """Add the headers that each answer has."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
