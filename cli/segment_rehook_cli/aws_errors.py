"""What AWS or its library refused, as one line that says what to do.

A message of AWS's own is shown only where it cannot quote a parameter's value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from segment_rehook_cli.botocore_errors import AWS_ERRORS, error_code

__all__ = ["NOT_AWS", "refusals_told", "told", "what_is_wrong", "with_advice"]

_SIGN_IN = "the AWS session has expired: sign in again (`aws sso login`, or fresh keys)"
_UNKNOWN = "AWS does not know these credentials: check AWS_PROFILE and the other AWS_ variables"
_NO_CREDENTIALS = (
    "there are no AWS credentials: sign in (`aws sso login`, `aws configure`), or set AWS_PROFILE, "
    "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
NOT_AWS: Final = (
    "what answers is not AWS: a proxy, or a network's sign-in page? (see AWS_ENDPOINT_URL and "
    "HTTPS_PROXY)"
)
_QUEUE_GONE = "the queue does not exist, or not in this account and region"

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
    "ReceiptHandleIsInvalid": "the time for which the messages were hidden ran out",
}
# The first that fits counts: a class stands before its bases.
_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aws.NoRegionError,), "no AWS region is set: give --region, or set AWS_DEFAULT_REGION"),
    ((aws.InvalidRegionError,), "this is no AWS region: give --region, such as eu-west-1"),
    ((aws.ProfileNotFound,), "AWS_PROFILE names a profile that the AWS configuration lacks"),
    ((aws.NoCredentialsError, aws.PartialCredentialsError), _NO_CREDENTIALS),
    ((aws.SSOError, aws.TokenRetrievalError, aws.LoginError), _SIGN_IN),
    (
        (aws.ConfigParseError,),
        "the AWS configuration file can't be read: see ~/.aws, AWS_CONFIG_FILE",
    ),
    ((ResponseParserError,), NOT_AWS),
    ((aws.CredentialRetrievalError,), "the AWS credentials cannot be had: sign in again"),
)


def told(error: Exception) -> str:
    """One line: the call, its error's code or kind, and what to do."""
    operation = getattr(error, "operation_name", None)
    wrong = what_is_wrong(error)
    return f"{operation}: {wrong}" if operation else wrong


def what_is_wrong(error: Exception) -> str:
    """The error's code or kind and, where that is known, what to do."""
    code = error_code(error)
    if isinstance(error, aws.ClientError) and not error.response.get("Error"):
        return NOT_AWS
    if code in _BY_CODE:
        return with_advice(code)
    if isinstance(error, aws.ClientError) and code in _DENIED:
        # It names who may not do what to which resource.
        message = error.response.get("Error", {}).get("Message", "")
        return f"{code}: {' '.join(message.split())}" if message else code
    for classes, text in _BY_CLASS:
        if isinstance(error, classes):
            return text
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        # It names the address, which holds the region.
        return f"AWS cannot be reached (is the region right?): {error}"
    return code


def with_advice(code: str) -> str:
    """An error's code and, where that is known, what to do."""
    return f"{code}: {_BY_CODE[code]}" if code in _BY_CODE else code


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with one line and exit code 1 when AWS refuses or can't be reached."""
    try:
        yield
    except AWS_ERRORS as error:
        typer.echo(f"segment-rehook: {told(error)}", err=True)
        raise typer.Exit(1) from None
