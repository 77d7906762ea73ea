"""Receives a request: checks its size, method, headers and sender, then reads its body.

The order matters. An unknown sender learns only about the headers and the size, never whether the
body is valid: 401 comes before every 400 that depends on the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from segment_rehook.segment.envelope import Envelope, open_envelope
from segment_rehook.segment.refusal import BodyTooLarge, RefusedBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.segment.access import AccessRules

MAX_BODY_BYTES: Final = 6_000_000
"""The most bytes that Lambda passes to a function. Segment's largest batches have about 4 MB."""

_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
_JSON_TYPES: Final = frozenset({"", "application/json", "text/json", "text/plain"})
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def receive(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    access: AccessRules,
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Envelope:
    """Give the events of a request. Raises Refusal and AccessNotConfigured.

    `headers` have names in any case, repeated ones joined by a comma. `body` is the raw body, not
    in base64.
    """
    if len(body) > max_body_bytes:
        raise BodyTooLarge(
            "body_too_large",
            f"The body has {len(body)} bytes, more than {max_body_bytes}.",
            "Lower the mapping's Batch Size in Segment.",
        )
    if method.upper() not in _METHODS:
        raise RefusedBody(
            "method_not_allowed",
            "Events come by POST, PUT or PATCH.",
            "Set the mapping's Method in Segment to POST.",
            status=405,
        )
    lower_case = _lower_case(headers)
    _check_encoding(lower_case.get("content-encoding", ""))
    _check_content_type(lower_case.get("content-type", ""))
    credentials = access.check(lower_case, body)
    return replace(open_envelope(body), credentials=credentials)


def _lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    """Put names in lower case, and join the values of names that become the same."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
    return joined


def _check_encoding(encoding: str) -> None:
    if encoding.strip().lower() not in {"", "identity"}:
        raise RefusedBody(
            "compressed_body",
            "The body is compressed.",
            "Send it as it is: Segment's webhook destinations never compress. Remove"
            " Content-Encoding from the mapping's Headers in Segment, or from the proxy between.",
        )


def _check_content_type(content_type: str) -> None:
    media_type, _, parameters = content_type.lower().partition(";")
    media_type = media_type.strip()
    if media_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise RefusedBody(
            "form_encoded",
            "The body is a form, not JSON.",
            "Remove Content-Type from the mapping's Headers in Segment, or set it to"
            " application/json.",
        )
    if media_type not in _JSON_TYPES and not media_type.endswith("+json"):
        raise RefusedBody(
            "content_type",
            "The content type is not JSON.",
            "Remove Content-Type from the mapping's Headers in Segment, or set it to"
            " application/json.",
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _UTF8:
            raise RefusedBody(
                "charset",
                "The character set is not UTF-8.",
                "JSON is sent in UTF-8; set Content-Type to application/json.",
            )
