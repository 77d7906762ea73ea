"""Which of the AWS library's errors mean that a service refused, or gave no clear answer.

    BotoCoreError           nothing or no whole answer came (time-outs, connections, credentials)
    ResponseParserError     an answer came that cannot be read
    ClientError             the service answered with an error, after the library's own retries

Anything else is a defect of this program, and is not caught. The library is loaded at the first
call: `preview`, `validate` and `--help` do not need it, and it takes longer than all else.
"""

from __future__ import annotations

__all__ = ["aws_error_classes", "error_code"]


def aws_error_classes(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the classes and the others: for `except`, which asks only if something was raised."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 — slow to import
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 — slow to import

    return (BotoCoreError, ClientError, ResponseParserError, *others)


def error_code(error: Exception) -> str:
    """The service's error code, or the kind of failure. Never a message: it may quote a value."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 — slow to import

    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
