"""The destination file: where it is by default, and how a command replaces it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.terminal.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.segment.jsontext import JSON

__all__ = ["DEFAULT_FILE", "file_text", "replace_file"]

DEFAULT_FILE: Final = Path("layers/destination/destination.json")
"""Relative to the current folder: a checkout has this file."""


def file_text(content: Mapping[str, JSON]) -> bytes:
    """Write a destination file for people: indented, in UTF-8, with a newline at its end."""
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold
        text = json.dumps(content, indent=2).encode()
    return text + b"\n"


def replace_file(file: Path, text: bytes) -> None:
    """Replace a file, or make it, as a whole: whoever reads meanwhile sees the old or the new one.

    A symbolic link stays one, and permissions stay. Raises OSError; the file is then as before.
    """
    target = file.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else _mode_of_new_files()
    with whole_file(target) as written:
        written.write(text.decode())
        os.fchmod(written.fileno(), mode)


def _mode_of_new_files() -> int:
    umask = os.umask(0)  # the only way to read it is to set it
    os.umask(umask)
    return 0o666 & ~umask
