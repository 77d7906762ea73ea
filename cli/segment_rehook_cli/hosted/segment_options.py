"""The options of the commands that ask Segment, and the connection that they make.

The token comes from the environment alone: an argument would be in the shell's history and in the
list of processes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from segment_rehook_cli.stack.safe_address import is_safe
from segment_rehook_cli.terminal.exit_codes import REFUSED, USAGE
from segment_rehook_cli.terminal.messages import failure, say

if TYPE_CHECKING:
    from segment_rehook_cli.hosted.segment_api import SegmentApi

__all__ = ["API_URL", "TOKEN_VARIABLE", "ApiUrl", "DestinationId", "asking_segment"]

API_URL: Final = "https://api.segmentapis.com"
TOKEN_VARIABLE: Final = "SEGMENT_PUBLIC_API_TOKEN"  # noqa: S105 — the variable's name

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def _checked_id(given: str) -> str:
    if not _ID.fullmatch(given):
        raise typer.BadParameter("an id has letters, digits, _ and - only")
    return given


def _checked_url(given: str) -> str:
    try:
        url = urlsplit(given)
        host, _port = url.hostname, url.port
    except ValueError:
        raise typer.BadParameter("it is not a URL") from None
    if not host or url.username or url.password or url.query or url.fragment:
        raise typer.BadParameter(f"give a scheme and a host, such as {API_URL}")
    if not is_safe(given):
        raise typer.BadParameter("it must begin with https://, because the token is sent there")
    return given


DestinationId = Annotated[
    str,
    typer.Option(
        help="The destination's id at Segment; it is in the address of its page.",
        callback=_checked_id,
        metavar="ID",
    ),
]

ApiUrl = Annotated[
    str,
    typer.Option(
        help="Segment's Public API; https://eu1.api.segmentapis.com for a workspace in the EU.",
        callback=_checked_url,
        metavar="URL",
    ),
]


@contextmanager
def asking_segment(api_url: str) -> Iterator[SegmentApi]:
    """Connect to Segment; exit code REFUSED with one line if it refuses, USAGE without a token."""
    # urllib.request is slow to import, and only these commands need it.
    from segment_rehook_cli.hosted.segment_api import SegmentApi  # noqa: PLC0415 — see above
    from segment_rehook_cli.hosted.segment_http import (  # noqa: PLC0415 — see above
        SegmentHttp,
        SegmentRefused,
    )

    try:
        yield SegmentApi(SegmentHttp(api_url, _token(), say=say), say)
    except SegmentRefused as refused:
        raise failure(str(refused), REFUSED) from None


def _token() -> str:
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise failure(
            f"the environment variable {TOKEN_VARIABLE} is not set: it has a token of Segment's "
            "Public API (Segment: Settings, Access Management, Tokens)",
            USAGE,
        )
    if not _TOKEN.fullmatch(token):
        raise failure(f"{TOKEN_VARIABLE} has a character that no token has; copy it again", USAGE)
    return token
