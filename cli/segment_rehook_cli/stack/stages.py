"""Which destination file of the checkout belongs to which stack.

A stack's parameter `Destination` names a file of layers/destination without its ending. So one
checkout serves several stacks, each with rules of its own. Source: template.yaml, samconfig.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE

__all__ = ["FOLDER", "DestinationMissing", "destination_file_of", "files"]

FOLDER: Final = DEFAULT_FILE.parent
"""The folder of the destination files, relative to the current one: a checkout has it."""

PARAMETER: Final = "Destination"


class DestinationMissing(Exception):
    """The file that a stack runs on is not in this checkout; the text says which, and what is."""


def files() -> list[Path]:
    """Give the destination files of the checkout, sorted; none outside of a checkout."""
    return sorted(FOLDER.glob("*.json"))


def destination_file_of(parameters: Mapping[str, str]) -> Path:
    """Give the file that a stack with these parameters runs on. Raises DestinationMissing.

    A stack of a version without the parameter runs on `destination`.
    """
    name = parameters.get(PARAMETER, DEFAULT_FILE.stem)
    for file in files():
        if file.stem == name:
            return file
    here = ", ".join(file.stem for file in files())
    raise DestinationMissing(
        f"the stack runs on {FOLDER / name}.json, and there is no such file here: "
        + (
            f"this checkout has {here}; use the one that the stack was deployed from"
            if here
            else "run this in a checkout of segment-rehook, the one that it was deployed from"
        )
    )
