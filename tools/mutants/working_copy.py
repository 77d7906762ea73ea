"""Makes a temporary copy of the package and its tests, in which code can be changed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LAYER = Path("layers/bridge")
FAKES = (Path("tools/fakes"), Path("tools/sqs"))
PACKAGE = "segment_rehook"


@contextlib.contextmanager
def working_copy(source: str) -> Iterator[Path]:
    """Give a temporary folder with tests, fakes, docs, pyproject.toml, the package in `source`."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        _copy(LAYER / PACKAGE, copy / source / PACKAGE)
        for part in (Path("tests"), *FAKES, Path("docs")):
            _copy(part, copy / part)
        shutil.copy(ROOT / "pyproject.toml", copy)
        yield copy


def _copy(part: Path, to: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    shutil.copytree(ROOT / part, to, ignore=ignored)
