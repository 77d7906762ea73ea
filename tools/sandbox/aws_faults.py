"""AWS's own ways of failing: error bodies, and batch calls that fail for some entries only."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from tools.sandbox.faults import Fault


def answer_of(fault: Fault) -> bytes:
    """The fault's body, or the one that AWS sends for a failure of its own."""
    if fault.body:
        return fault.body.encode()
    return b'{"__type": "InternalServerError", "message": "A fault was ordered"}'


def without_entries(
    application: WSGIApplication,
    environ: WSGIEnvironment,
    start: StartResponse,
    positions: list[int],
) -> Iterable[bytes]:
    """Pass an SQS batch call on without some of its entries, and report those as failed."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    request = msgspec.json.decode(environ["wsgi.input"].read(length))
    entries: list[dict[str, Any]] = request["Entries"]
    failed = [entry["Id"] for position, entry in enumerate(entries) if position in positions]
    request["Entries"] = [entry for entry in entries if entry["Id"] not in failed]
    answer: dict[str, Any] = {"Successful": []}
    if request["Entries"]:
        body = msgspec.json.encode(request)
        passed = {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        collected = application(passed, lambda *_: None)  # type: ignore[arg-type]
        answer = msgspec.json.decode(b"".join(collected))
    answer.setdefault("Failed", []).extend(
        {"Id": entry, "SenderFault": False, "Code": "InternalError", "Message": "Ordered"}
        for entry in failed
    )
    start("200 OK", [("content-type", "application/x-amz-json-1.0")])
    return [msgspec.json.encode(answer)]
