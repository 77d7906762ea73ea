"""Faults of AWS: the facts that tell its calls apart, and the errors that it answers with."""

from __future__ import annotations

from typing import Final

from tools.sandbox.aws_batches import BATCHES, STATEMENT_CODES, STATEMENTS
from tools.sandbox.faults import Fact, Fault, FaultPlan, Kind

_SERVICES: Final = (
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "lambda",
    "logs",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "sts",
)


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
        """Add a fault; ``partial`` must name a batch call, and a code that its entries can have."""
        operation = fault.match.get("operation")
        if fault.kind is Kind.PARTIAL and operation not in BATCHES:
            raise ValueError(f"partial needs match.operation, one of {', '.join(BATCHES)}")
        if operation == STATEMENTS and fault.code and fault.code not in STATEMENT_CODES:
            raise ValueError(f"code is no statement's; it is one of {', '.join(STATEMENT_CODES)}")
        return super().order(fault)


def answer_of(fault: Fault, *, xml: bool) -> bytes:
    """Return the fault's body, or the body that AWS sends for an internal error."""
    if fault.body:
        return fault.body.encode()
    if xml:
        return (
            b"<ErrorResponse><Error><Code>InternalFailure</Code>"
            b"<Message>A fault was ordered</Message></Error></ErrorResponse>"
        )
    return b'{"__type": "InternalServerError", "message": "A fault was ordered"}'
