"""Calls to AWS that carry several entries, of which some fail."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from tools.sandbox.faults import Fault

STATEMENTS: Final = "BatchExecuteStatement"
BATCHES: Final = (
    STATEMENTS,
    "ChangeMessageVisibilityBatch",
    "DeleteMessageBatch",
    "SendMessageBatch",
)
STATEMENT_CODES: Final = (
    "AccessDenied",
    "InternalServerError",
    "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
)
"""The codes that a statement can fail with whatever it says and whatever is in the table."""

Answer = tuple[str, list[tuple[str, str]], bytes]
"""The status line, the headers and the body of an HTTP answer."""


def collect(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Call an application and read its whole answer."""
    head: list[Any] = []
    answer = application(environ, lambda *args: head.extend(args))  # type: ignore[arg-type]  # no writer
    body = b"".join(answer)
    return head[0], head[1], body


def fail_in_part(
    application: WSGIApplication, environ: WSGIEnvironment, start: StartResponse, fault: Fault
) -> Iterable[bytes]:
    """Pass a batch on without the entries that are to fail, and report those as failed.

    Where the fault is ``acted``, all of them are passed on.
    """
    length = int(environ.get("CONTENT_LENGTH") or 0)
    request = msgspec.json.decode(environ["wsgi.input"].read(length))
    member = "Statements" if "Statements" in request else "Entries"
    asked: list[dict[str, Any]] = request[member]
    failing = {position for position in fault.entries if position < len(asked)}
    passed = [each for n, each in enumerate(asked) if fault.acted or n not in failing]
    answer: dict[str, Any] = {}
    if passed:
        body = msgspec.json.encode(request | {member: passed})
        changed = {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        status, headers, answered = collect(application, changed)
        if not status.startswith("200"):
            start(status, headers)
            return [answered]
        answer = msgspec.json.decode(answered)
    if member == "Statements":
        answer["Responses"] = _responses(answer.get("Responses", []), len(asked), failing, fault)
    else:
        _fail_entries(answer, [asked[position]["Id"] for position in sorted(failing)], fault)
    body = msgspec.json.encode(answer)
    start("200 OK", [("content-type", "application/x-amz-json-1.0"), length_of(body)])
    return [body]


def length_of(body: bytes) -> tuple[str, str]:
    """Give the header with the body's length. Without it, werkzeug sends chunks; AWS does not."""
    return "content-length", str(len(body))


def _responses(
    answered: list[dict[str, Any]], count: int, failing: set[int], fault: Fault
) -> list[dict[str, Any]]:
    error = {"Code": fault.code or "InternalServerError", "Message": "A fault was ordered"}
    failed = {"Error": error}
    if fault.acted:
        return [failed if n in failing else each for n, each in enumerate(answered)]
    rest = iter(answered)
    return [failed if n in failing else next(rest) for n in range(count)]


def _fail_entries(answer: dict[str, Any], failing: list[str], fault: Fault) -> None:
    for name in ("Successful", "Failed"):
        answer[name] = [each for each in answer.get(name, []) if each["Id"] not in failing]
    code = fault.code or "InternalError"
    answer["Failed"] += [
        {"Id": entry, "SenderFault": False, "Code": code, "Message": "A fault was ordered"}
        for entry in failing
    ]
