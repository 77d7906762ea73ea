"""GET requests to Segment's Public API, with the token, time limits and bounded retries.

The rules are those of docs.segmentapis.com (Getting Started, Error Handling, Rate Limits):

    2xx             {"data": {…}}
    401             the token is missing, unknown, or may not read this
    404             there is no such destination in the token's workspace and region
    429             too many requests; `Retry-After` has whole seconds, and the body's
                    `errors[0].data.msBeforeNext` milliseconds
    5xx             Segment's own failure

Redirects are not followed, so that the token goes to one host only.

SegmentRefused (Exception)      Segment refused a request, can't be reached, or its answer is not as
                                documented; the text is one line that says what to do
"""

from __future__ import annotations

import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from segment_rehook import __version__
from segment_rehook.segment.jsontext import JSON, JsonError, decode
from segment_rehook_cli.stack.safe_address import is_loopback
from segment_rehook_cli.terminal.output import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_TRIES", "MAX_WAIT_SECONDS", "SegmentHttp", "SegmentRefused"]

MAX_TRIES: Final = 5
MAX_WAIT_SECONDS: Final = 180.0
"""Of all waits of a command together. Segment counts requests by the minute."""

TIMEOUT_SECONDS: Final = 30.0
MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
MAX_MESSAGE_CHARACTERS: Final = 200

# The list of subscriptions is in alpha, and Segment's own clients ask for it by this type.
_ACCEPT: Final = "application/vnd.segment.v1alpha+json"
_RATE_LIMITED: Final = 429
_NOT_SEGMENT: Final = (
    "the answer is not from Segment's Public API; perhaps a proxy or a network's sign-in page gave "
    "it: check --api-url and HTTPS_PROXY"
)
_ACCESS: Final = (
    "it must be a Public API token of the destination's workspace, with a role that may read the "
    "destination: Source Read-only for its source, or Workspace Owner; a workspace in the EU needs "
    "--api-url https://eu1.api.segmentapis.com"
)
_HINTS: Final[Mapping[int, str]] = {
    401: f"Segment does not accept SEGMENT_PUBLIC_API_TOKEN (401): {_ACCESS}",
    403: f"SEGMENT_PUBLIC_API_TOKEN has no permission (403): {_ACCESS}",
    404: "Segment knows no such destination (404): check --destination-id, that the token is of "
    "its workspace, and the region (--api-url https://eu1.api.segmentapis.com for the EU); the "
    "workspace needs Segment's feature Destination Subscriptions",
}


class SegmentRefused(Exception):
    """Segment refused, can't be reached, or did not answer as documented. The text says which."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer. Status 0 stands for none: `why` says what broke."""

    status: int
    retry_after: str = ""
    body: bytes = b""
    why: str = ""

    def error(self) -> dict[str, JSON]:
        """Return the first entry of `errors`; empty if the body has none."""
        try:
            raw = decode(self.body)
        except JsonError:
            return {}
        errors = raw.get("errors") if isinstance(raw, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        return first if isinstance(first, dict) else {}

    def delay(self, attempt: int) -> float | None:
        """Return for how many seconds to wait before the next try; None if there is no use."""
        if (
            self.status not in {0, _RATE_LIMITED}
            and self.status < http.client.INTERNAL_SERVER_ERROR
        ):
            return None
        if self.status == _RATE_LIMITED:
            if re.fullmatch("[0-9]{1,9}", self.retry_after):
                return float(self.retry_after)
            data = self.error().get("data")
            milliseconds = data.get("msBeforeNext") if isinstance(data, dict) else None
            if isinstance(milliseconds, int | float) and milliseconds >= 0:
                return float(milliseconds) / 1000
        return 2.0 ** (attempt - 1)


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """Hands out every answer as it is: no redirect is followed, and no status is an exception."""

    def http_response(
        self, request: urllib.request.Request, response: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        """Return the response."""
        del request
        return response

    https_response = http_response


class SegmentHttp:
    """Makes requests with one token.

    `say` tells a person of each wait. `sleep` and `clock` count seconds.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url, self._token = url.rstrip("/"), token
        self._say, self._sleep, self._clock, self._timeout = say, sleep, clock, timeout
        self._waited = 0.0
        # A proxy of the environment is for the internet, not for this machine.
        proxies = [urllib.request.ProxyHandler({})] if is_loopback(urlsplit(url).hostname) else []
        self._opener = urllib.request.build_opener(_EveryStatus(), *proxies)

    def get(self, path: tuple[str, ...], query: Mapping[str, str]) -> dict[str, JSON]:
        """Return the member `data` of the answer. Raises SegmentRefused."""
        url = "/".join((self._url, *(quote(part, safe="") for part in path)))
        url = f"{url}?{urlencode(query)}" if query else url
        answer = self._once(url)
        for attempt in range(1, MAX_TRIES):
            delay = answer.delay(attempt)
            if delay is None or self._waited + delay > MAX_WAIT_SECONDS:
                break
            self._wait(delay, answer)
            answer = self._once(url)
        return self._data(answer)

    def _wait(self, seconds: float, answer: _Answer) -> None:
        reason = answer.why or f"Segment answered {answer.status}"
        self._say(f"{reason}; the next try is in {seconds:.0f} s")
        self._sleep(seconds)
        self._waited += seconds

    def _once(self, url: str) -> _Answer:
        headers = {"Accept": _ACCEPT, "User-Agent": f"segment-rehook/{__version__}"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 — https, or loopback
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                retry_after = response.headers.get("Retry-After", "").strip()
                return _Answer(response.status, retry_after, self._body(response))
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise SegmentRefused(
                    f"the certificate of {self._url} can't be verified ({cause.verify_message}): "
                    "check --api-url, and set SSL_CERT_FILE if your network has a certificate "
                    "authority of its own"
                ) from None
            if isinstance(cause, TimeoutError):
                return _Answer(0, why=f"{self._url} did not answer within {self._timeout:g} s")
            said = printable(str(cause) or type(cause).__name__)
            return _Answer(0, why=f"{self._url} can't be reached: {said}")

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        """Read the body within the time limit, which each part of it would begin anew."""
        end = self._clock() + self._timeout
        body = bytearray()
        while part := response.read1(65536):
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                raise SegmentRefused(f"Segment's answer exceeds {MAX_ANSWER_BYTES // 1024**2} MiB")
            if self._clock() > end:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return bytes(body)

    def _data(self, answer: _Answer) -> dict[str, JSON]:
        if answer.status != http.client.OK:
            raise SegmentRefused(self._refusal(answer))
        try:
            raw = decode(answer.body)
        except JsonError:
            raise SegmentRefused(_NOT_SEGMENT) from None
        data = raw.get("data") if isinstance(raw, dict) else None
        if not isinstance(data, dict):
            raise SegmentRefused("Segment's answer has no object `data`, and can't be used")
        return data

    def _refusal(self, answer: _Answer) -> str:
        status = answer.status
        if status == 0:
            return answer.why
        if status == _RATE_LIMITED:
            seconds = answer.delay(1) or 0
            return f"Segment takes no more requests (429): try again in {seconds:.0f} s"
        if http.client.MULTIPLE_CHOICES <= status < http.client.BAD_REQUEST:
            return f"a redirect ({status}) is not followed, because of the token: check --api-url"
        if status in _HINTS:
            return _HINTS[status]
        message = self.error_text(answer)
        if status >= http.client.INTERNAL_SERVER_ERROR:
            return f"Segment failed ({status}{message}): try again later"
        return f"Segment refused the request ({status}{message or ', without a reason'})"

    def error_text(self, answer: _Answer) -> str:
        """Return Segment's own words after a colon, short and without the token."""
        message = answer.error().get("message")
        if not isinstance(message, str):
            return ""
        said = printable(" ".join(message.replace(self._token, "…").split()))
        return f": {said[:MAX_MESSAGE_CHARACTERS]}"
