"""The control API of the sandbox itself; the stand-ins have their own (``tools.sandbox.control``).

It knows two operations, and refuses what else a body says:

    GET  /sandbox  tools.sandbox.description.description: where everything is
    POST /reload   {"destination": path} or {}: run on what destination.json says now
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tools.sandbox.control import Operation, Routes
from tools.sandbox.description import description
from tools.sandbox.destination import DestinationRefused
from tools.sandbox.function import FunctionBroken

if TYPE_CHECKING:
    from tools.sandbox.sandbox import Sandbox


class ReloadOrder(msgspec.Struct, forbid_unknown_fields=True):
    """``destination``: an absolute path; None for the file of the last time."""

    destination: str | None = None


def routes(box: Sandbox) -> Routes:
    """The operations on a running sandbox."""

    def reload(order: ReloadOrder) -> dict[str, Any]:
        file = None if order.destination is None else Path(order.destination)
        if file is not None and not file.is_absolute():
            raise ValueError("destination is an absolute path")
        try:
            read, subscriptions = box.reload(file)
        except (DestinationRefused, FunctionBroken) as error:
            raise ValueError(str(error)) from error
        return {"destination": str(read), "subscriptions": subscriptions}

    return {
        ("GET", "/sandbox"): Operation(lambda: description(box)),
        ("POST", "/reload"): Operation(reload, body=ReloadOrder),
    }
