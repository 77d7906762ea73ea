"""Builds the destination layer: every destination file beside this script, checked, at its root.

A file with a mistake ends the build; each mistake is a line that names its file. With the Python of
`make build` the files are checked as the functions will check them. Another Python has no package
segment_rehook: then they are checked to be JSON objects, and `segment-rehook validate` does the
rest.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
# What the template's parameter Destination allows.
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
MAX_NAME_CHARACTERS = 24


def main(artifacts: Path) -> None:
    """Copy the files into `artifacts`. Exits with their mistakes, or if there is no file."""
    files = sorted(HERE.glob("*.json"))
    if not files:
        sys.exit("DestinationLayer: there is no destination file; put one into layers/destination")
    mistakes = [f"{file.name}: {mistake}" for file in files for mistake in mistakes_in(file)]
    if mistakes:
        sys.exit("\n".join(f"DestinationLayer: {mistake}" for mistake in mistakes))
    for file in files:
        shutil.copy(file, artifacts)


def mistakes_in(file: Path) -> list[str]:
    """Give a sentence for each mistake in a destination file, its name included."""
    named = []
    if not NAME.fullmatch(file.stem) or len(file.stem) > MAX_NAME_CHARACTERS:
        named.append(
            "the parameter Destination can't name this file: use small letters, digits and"
            f" hyphens, {MAX_NAME_CHARACTERS} at most"
        )
    return named + mistakes_in_text(file.read_bytes())


def mistakes_in_text(text: bytes) -> list[str]:
    """Give a sentence for each mistake in the text of a destination file."""
    try:
        from segment_rehook.rehook.destination import (  # noqa: PLC0415 — absent without `make setup`
            DestinationInvalid,
            load,
        )
    except ImportError:
        return mistakes_as_json(text)
    try:
        load(text)
    except DestinationInvalid as invalid:
        return [f"{each.place} {each.message}".strip() for each in invalid.mistakes]
    return []


def mistakes_as_json(text: bytes) -> list[str]:
    """Give what keeps the text from being a JSON object."""
    try:
        said = json.loads(text)
    except ValueError as error:
        return [f"it is not JSON: {error}"]
    return [] if isinstance(said, dict) else [f"it is a JSON {type(said).__name__}, not an object"]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
