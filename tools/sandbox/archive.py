"""The archives of functions and layers, as Lambda lets them be downloaded."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Archive(NamedTuple):
    """A zip file, and its SHA-256 in base64."""

    content: bytes
    sha256: str


@lru_cache(maxsize=32)
def archive(folder: str, replaced: tuple[tuple[str, str], ...] = ()) -> Archive:
    """Make the archive of a folder. ``replaced``: names of files with other texts than theirs.

    It is not compressed, and the same files give the same bytes.
    """
    root = Path(folder)
    files = {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }
    files |= {name: text.encode() for name, text in replaced}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writing:
        for name in sorted(files):
            writing.writestr(zipfile.ZipInfo(name), files[name])
    content = made.getvalue()
    return Archive(content, base64.b64encode(hashlib.sha256(content).digest()).decode())
