"""Why a sandbox does not start, in a sentence that says what to do about it."""

from __future__ import annotations

import errno
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from segment_rehook_cli.stack.running_sandbox import NoSandbox
from tools.sandbox.artefacts import BuildMissing, PackageMissing
from tools.sandbox.build import BuildFailed
from tools.sandbox.destination import DestinationRefused
from tools.sandbox.function import FunctionBroken
from tools.sandbox.intrinsics import Unresolved
from tools.sandbox.services import ServiceBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class NotStarted(Exception):
    """A sandbox does not start, and nothing of it still runs; the message is for a person."""


@contextmanager
def failures_explained(port: int = 0, option: str = "--port") -> Iterator[None]:
    """Turn every failure of a start into NotStarted. ``port``: what ``option`` chose."""
    try:
        yield
    except (
        BotoCoreError,
        BuildFailed,
        BuildMissing,
        ClientError,
        DestinationRefused,
        FunctionBroken,
        NoSandbox,
        PackageMissing,
        ServiceBroken,
        Unresolved,
    ) as error:
        raise NotStarted(f"The sandbox does not start: {error}") from error
    except OSError as error:
        raise NotStarted(f"The sandbox does not start: {_reason(error, port, option)}") from error


def _reason(error: OSError, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; choose another with {option}, 0 for any free one"
    if error.errno == errno.EACCES and error.filename is None:
        return f"you may not listen on port {port}; choose one above 1023 with {option}"
    if error.errno in _FULL:
        folder = tempfile.gettempdir()
        return f"no space is left in {folder}; free some, or set TMPDIR to a folder that has more"
    if error.errno == errno.ENOENT and error.filename is None:
        return f"{error.strerror}; set TMPDIR to one that can be written"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
