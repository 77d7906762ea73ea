"""The control API of the sandbox itself; each stand-in has its own (``tools.sandbox.control``).

It has three operations, and refuses members of a body that it does not know:

    GET  /sandbox  where everything is (tools.sandbox.description.Description)
    GET  /log      the lines of the functions, MAX_LINES at most: ?since=N leaves out the first N
    POST /reload   {"destination": path} or {}: read a destination.json and run on it
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.control import Operation, Routes
from tools.sandbox.destination import DestinationRefused
from tools.sandbox.function import FunctionBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.description import Description
    from tools.sandbox.logs import Log


class ReloadOrder(msgspec.Struct, forbid_unknown_fields=True):
    """``destination``: an absolute path, or None for the file that was used last."""

    destination: str | None = None


MAX_LINES: Final = 20_000


def routes(
    describe: Callable[[], Description],
    reload: Callable[[Path | None], tuple[Path, list[str]]],
    log: Log,
) -> Routes:
    """The operations, carried out by these callables and over this log."""

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
        ("GET", "/log"): Operation(
            lambda since=0: log.lines(since=since, most=MAX_LINES), query=("since",)
        ),
        ("POST", "/reload"): Operation(reload_as_ordered, body=ReloadOrder),
    }
