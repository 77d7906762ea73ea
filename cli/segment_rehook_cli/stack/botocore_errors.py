"""Which of the AWS library's errors mean that a service refused, or gave no clear answer.

    BotoCoreError           nothing or no whole answer came (time-outs, connections, credentials)
    ResponseParserError     an answer came that cannot be read
    ClientError             the service answered with an error, after the library's own retries

Anything else is a defect of this program, and is not caught.
"""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)


def error_code(error: Exception) -> str:
    """The service's error code, or the kind of failure. Never a message: it may quote a value."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
