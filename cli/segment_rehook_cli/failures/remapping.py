"""What a destination file would make of what failed, by the rule that redrive goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery.after_call import Park
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.delivery.redrive.letter_call import letter_call, maps_anew
from segment_rehook_cli.failures.entry import letter_of
from segment_rehook_cli.failures.message import FOREIGN

if TYPE_CHECKING:
    from segment_rehook.rehook.destination import Destination
    from segment_rehook_cli.failures.message import FailedMessage

__all__ = ["Remapped", "remap"]

_OTHER_EVENT: Final = "its id is another event's"
_NO_BODY: Final = "its body can't be read"


@dataclass(frozen=True, slots=True)
class Remapped:
    """What would become of one message.

    `reason`: why it would be parked again; None if Rehook would be called. `anew`: whether the
    event is mapped again; if not, its stored request is sent as it is.
    """

    reason: str | None
    detail: str = ""
    anew: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the members of an entry of `failures try`."""
        return {
            "maps": self.reason is None,
            "mappedAnew": self.anew,
            "parkedAs": self.reason,
            "why": self.detail or None,
        }


def remap(failed: FailedMessage, destination: Destination) -> Remapped:
    """Say what redrive would do with a message under `destination`, before it calls Rehook."""
    header = failed.header
    if header is None:
        return Remapped(Parked.UNREADABLE, FOREIGN)
    letter = letter_of(failed)
    if letter is None:
        return Remapped(Parked.UNREADABLE, _NO_BODY)
    if header.reason == Parked.ID_CONFLICT:
        # The ledger knows another event under this id; no mapping changes that.
        return Remapped(Parked.ID_CONFLICT, _OTHER_EVENT)
    call = letter_call(letter, destination)
    if isinstance(call, Park):
        return Remapped(str(call.reason), call.detail)
    return Remapped(None, anew=maps_anew(letter))
