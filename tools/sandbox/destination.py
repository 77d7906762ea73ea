"""The destination.json that the functions run on: checked first, then put where they read it.

DestinationRefused (Exception)      it has mistakes, or can't be read or put; each mistake is a line
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook.rehook.destination import DestinationInvalid, load
from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPT: Final = "/opt/"
"""Where a function finds its layers."""

DEPLOYED: Final = CHECKOUT / "layers" / "destination" / "destination.json"
"""The file that `make native` builds into the layer."""


class DestinationRefused(Exception):
    """A destination file that the functions are not given."""


def checked(file: Path) -> tuple[bytes, list[str]]:
    """A file's text and the ids of its subscriptions. Raises DestinationRefused."""
    try:
        text = file.read_bytes()
        return text, [subscription.id for subscription in load(text).subscriptions]
    except OSError as error:
        raise DestinationRefused(f"{file}: {error.strerror}") from error
    except DestinationInvalid as invalid:
        lines = (f"{file}: {each.place} {each.message}" for each in invalid.mistakes)
        raise DestinationRefused("\n".join(lines)) from invalid


class Placed:
    """The places where the functions read it; a layer's file there is put aside, not written to."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places

    def put(self, text: bytes) -> list[bytes | None]:
        """Put a text in every place; what lay there. Raises DestinationRefused."""
        if not self._places:
            raise DestinationRefused(f"no function has a DESTINATION_FILE below {OPT}")
        before = [place.read_bytes() if place.exists() else None for place in self._places]
        self._put([text] * len(before))
        return before

    def put_back(self, before: Sequence[bytes | None]) -> None:
        """Undo ``put``, given what it gave."""
        self._put(before)

    def _put(self, texts: Sequence[bytes | None]) -> None:
        written = []
        try:
            for place, text in zip(self._places, texts, strict=True):
                if text is None:
                    place.unlink()
                else:
                    beside = place.with_name(f"{place.name}.new")
                    beside.write_bytes(text)
                    written.append((beside, place))
        except OSError as error:
            raise DestinationRefused(f"{self._places[0].parent}: {error.strerror}") from error
        # A rename at a time: who starts meanwhile reads one or the other, and each of them whole.
        for beside, place in written:
            beside.replace(place)
