"""AWS Signature Version 4 of a POST request whose parts are all in its body.

Source: "Create a signed AWS API request", AWS Identity and Access Management user guide.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from segment_rehook import __version__

if TYPE_CHECKING:
    from segment_rehook.aws.access import Access

ALGORITHM = "AWS4-HMAC-SHA256"
USER_AGENT = f"segment-rehook/{__version__}"


class Signer:
    """Writes the head of each request to one service. Thread-safe.

    `host`: as the Host header has it. `path`: the request's target, already escaped.
    """

    def __init__(
        self, access: Access, *, service: str, host: str, path: str, content_type: str
    ) -> None:
        self._access = access
        self._service = service
        self._path = path
        # In the order of their names, as they are signed.
        self._before_date = [("content-type", content_type), ("host", host)]
        token = access.session_token
        self._after_date = [("x-amz-security-token", token)] if token else []
        # The key of a day, and the day: it takes four HMACs to make.
        self._key = (b"", "")

    def head(self, target: str, body: bytes, now: float) -> bytes:
        """The request's line and headers, up to the blank line. `now`: seconds since the epoch."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        scope = f"{stamp[:8]}/{self._access.region}/{self._service}/aws4_request"
        headers = [
            *self._before_date,
            ("x-amz-date", stamp),
            *self._after_date,
            ("x-amz-target", target),
        ]
        names = ";".join([name for name, _ in headers])
        signed = "".join([f"{name}:{value}\n" for name, value in headers])
        request = f"POST\n{self._path}\n\n{signed}\n{names}\n{_digest(body)}"
        text = f"{ALGORITHM}\n{stamp}\n{scope}\n{_digest(request.encode())}"
        signature = _hmac(self._signing_key(stamp[:8]), text).hex()
        credential = f"{self._access.key_id}/{scope}"
        signed_by = f"Credential={credential}, SignedHeaders={names}, Signature={signature}"
        headers += [
            ("authorization", f"{ALGORITHM} {signed_by}"),
            ("content-length", str(len(body))),
            ("accept-encoding", "identity"),
            ("user-agent", USER_AGENT),
        ]
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        return f"POST {self._path} HTTP/1.1\r\n{lines}\r\n".encode()

    def _signing_key(self, day: str) -> bytes:
        key, made_for = self._key
        if made_for != day:
            key = f"AWS4{self._access.secret_key}".encode()
            for part in (day, self._access.region, self._service, "aws4_request"):
                key = _hmac(key, part)
            self._key = (key, day)
        return key


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
