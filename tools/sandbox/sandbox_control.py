"""The control API of the sandbox itself; each stand-in has its own (``tools.sandbox.control``).

It has two operations, and refuses members of a body that it does not know:

    GET  /sandbox  where everything is (tools.sandbox.description.Description)
    POST /reload   {"destination": path} or {}: read a destination.json and run on it
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tools.sandbox.control import Operation, Routes
from tools.sandbox.destination import DestinationRefused
from tools.sandbox.function import FunctionBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.description import Description


class ReloadOrder(msgspec.Struct, forbid_unknown_fields=True):
    """``destination``: an absolute path, or None for the file that was used last."""

    destination: str | None = None


def routes(
    describe: Callable[[], Description], reload: Callable[[Path | None], tuple[Path, list[str]]]
) -> Routes:
    """The operations, carried out by these two callables."""

    def reload_as_ordered(order: ReloadOrder) -> dict[str, Any]:
        file = None if order.destination is None else Path(order.destination)
        if file is not None and not file.is_absolute():
            raise ValueError("destination is an absolute path")
        try:
            read, subscriptions = reload(file)
        except (DestinationRefused, FunctionBroken) as error:
            raise ValueError(str(error)) from error
        return {"destination": str(read), "subscriptions": subscriptions}

    return {
        ("GET", "/sandbox"): Operation(describe),
        ("POST", "/reload"): Operation(reload_as_ordered, body=ReloadOrder),
    }
