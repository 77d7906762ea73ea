"""The destination.json that the functions run on: it is checked, then put where they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook.rehook.destination import DestinationInvalid, load
from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OPT: Final = "/opt/"
"""The folder in which a function finds its layers."""

FOLDER: Final = CHECKOUT / "layers" / "destination"
"""The files that `make native` builds into the layer."""


class DestinationRefused(Exception):
    """A destination file has mistakes, or cannot be read or put; each mistake is a line."""


def deployed(parameters: Mapping[str, str]) -> Path:
    """The checkout's file that a stack with these parameters runs on; it need not exist."""
    return FOLDER / f"{parameters.get('Destination', 'destination')}.json"


def read_destination(file: Path) -> tuple[bytes, list[str]]:
    """Return a file's text and the ids of its subscriptions. Raises DestinationRefused."""
    try:
        text = file.read_bytes()
        return text, [subscription.id for subscription in load(text).subscriptions]
    except OSError as error:
        raise DestinationRefused(f"{file}: {error.strerror}") from error
    except DestinationInvalid as invalid:
        lines = (f"{file}: {each.place} {each.message}" for each in invalid.mistakes)
        raise DestinationRefused("\n".join(lines)) from invalid


class DestinationFiles:
    """The files that the functions read; a link to a layer's file is replaced, not followed."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def read(self) -> dict[str, str]:
        """The text of each file, by its name."""
        return {file.name: file.read_text() for file in self._files if file.exists()}

    def put(self, text: bytes) -> list[bytes | None]:
        """Write a text to every file. Returns what the files held. Raises DestinationRefused."""
        if not self._files:
            raise DestinationRefused(f"no function has a DESTINATION_FILE below {OPT}")
        before = [file.read_bytes() if file.exists() else None for file in self._files]
        self._put([text] * len(before))
        return before

    def put_back(self, before: Sequence[bytes | None]) -> None:
        """Undo ``put``, given what it returned."""
        self._put(before)

    def _put(self, texts: Sequence[bytes | None]) -> None:
        written = []
        try:
            for file, text in zip(self._files, texts, strict=True):
                if text is None:
                    file.unlink()
                else:
                    beside = file.with_name(f"{file.name}.new")
                    beside.write_bytes(text)
                    written.append((beside, file))
        except OSError as error:
            raise DestinationRefused(f"{self._files[0].parent}: {error.strerror}") from error
        # A rename is atomic: a process that starts now reads the old text or the new one, complete.
        for beside, file in written:
            beside.replace(file)
