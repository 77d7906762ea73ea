"""Sizes of what is deployed, in bytes, and what each dependency contributes.

`python -m tools.bench.sizes [BUILD]` prints a table for a build: that of `make build`, or of
`make native` (.aws-sam/native). `sizes` gives the same as values. Zipped sizes are those of each
file compressed by itself, as SAM does it.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BUILD = Path(".aws-sam/build")
# What a zip file holds of each file beside its content and, twice, its name.
ZIP_HEADERS_BYTES = 30 + 46


@dataclass(frozen=True, slots=True)
class Size:
    """One part of a build. `bytecode`: how much of `unzipped` is compiled Python."""

    artefact: str
    part: str
    files: int
    unzipped: int
    zipped: int
    bytecode: int


def sizes(build: Path) -> list[Size]:
    """Measure each artefact of a build: as a whole (part ""), and a layer's packages, large first.

    Raises FileNotFoundError where there is no build.
    """
    found: list[Size] = []
    for artefact in sorted(each for each in build.iterdir() if each.is_dir()):
        found.append(_measured(artefact, "", _files(artefact)))
        packages = artefact / "python"
        if packages.is_dir():
            parts: dict[str, list[Path]] = {}
            for file in _files(packages):
                parts.setdefault(_part(file.relative_to(packages)), []).append(file)
            measured = [_measured(artefact, part, files) for part, files in parts.items()]
            found += sorted(measured, key=lambda size: size.unzipped, reverse=True)
    return found


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def _part(file: Path) -> str:
    """The package that a file belongs to: a folder, a module, or the wheel that notes were of."""
    top, *below = file.parts
    name = below[0] if top == "__pycache__" and below else top
    return name.partition(".")[0].partition("-")[0]


def _measured(artefact: Path, part: str, files: Iterable[Path]) -> Size:
    unzipped = zipped = bytecode = count = 0
    for file in files:
        content = file.read_bytes()
        count += 1
        unzipped += len(content)
        bytecode += len(content) if file.suffix == ".pyc" else 0
        deflated = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        zipped += len(deflated.compress(content) + deflated.flush())
        zipped += ZIP_HEADERS_BYTES + 2 * len(str(file.relative_to(artefact)))
    return Size(artefact.name, part, count, unzipped, zipped, bytecode)


def main(build: Path) -> int:
    """Print the table. 2: there is no build."""
    try:
        found = sizes(build)
    except FileNotFoundError:
        print(f"{build} is not there; make it first: make build", file=sys.stderr)
        return 2
    print(f"{'':<34} {'files':>6} {'unzipped kB':>12} {'bytecode kB':>12} {'zipped kB':>10}")
    for size in found:
        name = f"  {size.part}" if size.part else size.artefact
        kilobytes = (size.unzipped, size.bytecode, size.zipped)
        unzipped, bytecode, zipped = (f"{each / 1000:,.1f}" for each in kilobytes)
        print(f"{name:<34} {size.files:>6} {unzipped:>12} {bytecode:>12} {zipped:>10}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD))
