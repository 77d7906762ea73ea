"""The file by which commands find a running sandbox; `running_sandbox` of the CLI reads it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import msgspec

from segment_rehook_cli.stack.running_sandbox import private_folder, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tools.sandbox.description import Description


@contextlib.contextmanager
def announced(described: Description, remove_at_end: Callable[[Path], None]) -> Iterator[Path]:
    """Write the file, and remove it at the end. Raises OSError, and NoSandbox for a bad folder.

    ``remove_at_end`` makes sure that the file is removed if this process is killed.
    """
    folder = private_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = private_folder()
    file = folder / f"{described.pid}.json"
    beside = folder / f"{described.pid}.new"
    text = msgspec.json.encode(
        {
            "stack": described.stack,
            "environment": described.environment,
            "started": started(described.pid),
        }
    )
    remove_at_end(file)
    try:
        beside.unlink(missing_ok=True)
        opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as written:
            written.write(text)
        # A rename is atomic: a command reads the whole file, or there is none.
        beside.replace(file)
        yield file
    finally:
        beside.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another sandbox's file is in it
            folder.rmdir()
