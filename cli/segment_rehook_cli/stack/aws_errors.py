"""Errors of AWS and of botocore, as one line that says what to do.

AWS's own message is shown only if it can't contain a parameter's value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code
from segment_rehook_cli.terminal.exit_codes import REFUSED
from segment_rehook_cli.terminal.messages import failure

__all__ = [
    "NOT_AWS",
    "StackUnusable",
    "describe_code",
    "describe_error",
    "error_line",
    "exit_on_aws_error",
]

_SIGN_IN = "the AWS session has expired: sign in again (`aws sso login`, or new access keys)"
_UNKNOWN = "AWS does not know these credentials: check AWS_PROFILE and the other AWS_ variables"
_NO_CREDENTIALS = (
    "there are no AWS credentials: sign in (`aws sso login`, `aws configure`), or set AWS_PROFILE, "
    "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
NOT_AWS: Final = (
    "the answer is not from AWS; perhaps a proxy or a network's sign-in page gave it: check "
    "AWS_ENDPOINT_URL and HTTPS_PROXY"
)
_QUEUE_GONE = "the queue does not exist in this account and region"

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_BY_CODE = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired"), _SIGN_IN),
    **dict.fromkeys(
        (
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
        ),
        _UNKNOWN,
    ),
    **dict.fromkeys(("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"), _QUEUE_GONE),
    "ReceiptHandleIsInvalid": "the messages were not hidden for long enough",
}


class StackUnusable(Exception):
    """The stack exists but can't be used; the text says why. `exit_code`: of what it ends."""

    exit_code = REFUSED


def error_line(error: Exception) -> str:
    """Return one line: the call, if there was one, and then `describe_error`."""
    operation = getattr(error, "operation_name", None)
    description = describe_error(error)
    return f"{operation}: {description}" if operation else description


def describe_error(error: Exception) -> str:
    """Return the error's code or class and, if it is known, what to do."""
    from botocore import exceptions as aws  # noqa: PLC0415 — slow to import

    code = error_code(error)
    if isinstance(error, aws.ClientError) and not error.response.get("Error"):
        return NOT_AWS
    if code in _BY_CODE:
        return describe_code(code)
    if isinstance(error, aws.ClientError) and code in _DENIED:
        # The message names the identity, the action and the resource.
        message = error.response.get("Error", {}).get("Message", "")
        return f"{code}: {' '.join(message.split())}" if message else code
    for classes, text in _by_class():
        if isinstance(error, classes):
            return text
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        # The message contains the address, and so the region.
        return f"AWS can't be reached (check the region): {error}"
    return code


def describe_code(code: str) -> str:
    """Return an error code and, if it is known, what to do."""
    return f"{code}: {_BY_CODE[code]}" if code in _BY_CODE else code


def _by_class() -> tuple[tuple[tuple[type[Exception], ...], str], ...]:
    """Return what to say of each class. The first match counts: a class stands before its bases."""
    from botocore import exceptions as aws  # noqa: PLC0415 — slow to import
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 — slow to import

    return (
        ((aws.NoRegionError,), "no AWS region is set: give --region, or set AWS_DEFAULT_REGION"),
        (
            (aws.InvalidRegionError,),
            "the AWS region is not valid: give --region, such as eu-west-1",
        ),
        (
            (aws.ProfileNotFound,),
            "--profile, or AWS_PROFILE, names a profile that is not in the AWS configuration",
        ),
        ((aws.NoCredentialsError, aws.PartialCredentialsError), _NO_CREDENTIALS),
        ((aws.SSOError, aws.TokenRetrievalError, aws.LoginError), _SIGN_IN),
        (
            (aws.ConfigParseError,),
            "the AWS configuration file can't be read: check ~/.aws and AWS_CONFIG_FILE",
        ),
        ((ResponseParserError,), NOT_AWS),
        ((aws.CredentialRetrievalError,), "the AWS credentials can't be read: sign in again"),
    )


@contextmanager
def exit_on_aws_error() -> Iterator[None]:
    """End the command with one line and a code, mostly REFUSED, if AWS or the stack can't be used.

    That is where AWS refuses a call or can't be reached, and where the stack lacks what is needed.
    """
    try:
        yield
    except aws_error_classes(StackUnusable) as error:
        if isinstance(error, StackUnusable):
            raise failure(str(error), error.exit_code) from None
        raise failure(error_line(error), REFUSED) from None
