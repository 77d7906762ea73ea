"""AWS's own ways of failing: error bodies, and batch calls that fail for some entries only."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.faults import Fact, Fault, FaultPlan, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SERVICES: Final = ("cloudformation", "dynamodb", "sqs", "ssm", "sts")
_BATCHES: Final = ("ChangeMessageVisibilityBatch", "DeleteMessageBatch", "SendMessageBatch")


class AwsFaultPlan(FaultPlan):
    """A plan for calls to AWS: their facts, and which of them can fail in part."""

    def __init__(self) -> None:
        super().__init__(
            {
                "service": Fact("|".join(_SERVICES), "one of " + ", ".join(_SERVICES)),
                "operation": Fact(r"[A-Z][A-Za-z]+", "an operation such as PutItem"),
                "caller": Fact(),
            }
        )

    def order(self, fault: Fault) -> int:
        """As the base class; ``partial`` must name a call that has entries."""
        if fault.kind is Kind.PARTIAL and fault.match.get("operation") not in _BATCHES:
            raise ValueError(f"partial needs match.operation, one of {', '.join(_BATCHES)}")
        return super().order(fault)


def answer_of(fault: Fault, *, xml: bool) -> bytes:
    """The fault's body, or the one that AWS sends for a failure of its own."""
    if fault.body:
        return fault.body.encode()
    if xml:
        return (
            b"<ErrorResponse><Error><Code>InternalFailure</Code>"
            b"<Message>A fault was ordered</Message></Error></ErrorResponse>"
        )
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
