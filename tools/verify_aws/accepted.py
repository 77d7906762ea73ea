"""Requests that AWS must accept. What a stand-in for AWS refuses is skipped: it lacks a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code
from segment_rehook_cli.stack.safe_address import is_loopback
from tools.verify_aws.check import Check, skipped

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
MAX_CHARACTERS = 300


def accepted(client: Any, text: str, request: Callable[[], Answer]) -> tuple[Answer | None, Check]:
    """Make a request with a boto3 client. Gives the answer, and the check that there is one.

    The answer is None if the request was refused.
    """
    try:
        return request(), Check(text, holds=True)
    except aws_error_classes(StackUnusable) as error:
        said = _said(error)
    if is_stand_in(client):
        return None, skipped(text, f"the stand-in for AWS does not answer it: {said}")
    return None, Check(text, holds=False, seen=said)


def is_stand_in(client: Any) -> bool:
    """Whether a boto3 client speaks to this machine, where AWS never is."""
    return is_loopback(urlsplit(client.meta.endpoint_url).hostname)


def _said(error: BaseException) -> str:
    # The command line's own text is for users; AWS's is behind it.
    cause = error.__context__ if isinstance(error, StackUnusable) else None
    told = cause if isinstance(cause, aws_error_classes()) else error
    if isinstance(told, ClientError):
        message = told.response.get("Error", {}).get("Message", "")
        return f"{told.operation_name}: {error_code(told)}: {message}"[:MAX_CHARACTERS]
    return f"{type(told).__name__}: {told}"[:MAX_CHARACTERS]
