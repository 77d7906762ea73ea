"""A file that a command writes: whole or not there, and readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Give a file to write to; at the end it takes the place of `path`, on disk.

    It is text, in UTF-8. If the block raises, nothing is left. After a SIGKILL a file
    `.NAME.….part` is left, and `path` is as it was. Raises OSError.
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:  # mkstemp gives the mode 0600
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
