"""What happens with each request and each log line of a sandbox that ``up`` runs.

They are printed for a person, and kept for the console, where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox.listener import reserve
from tools.sandbox.starting import failures_explained

if TYPE_CHECKING:
    from contextlib import ExitStack

    from rich.console import Console

    from tools.console.recording import Recording
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.logs import LogLine
    from tools.sandbox.sandbox import Sandbox

__all__ = ["Watching"]


class Watching:
    """The watchers of one sandbox.

    ``terminal``: where they print, None for nowhere. ``console_port``: that of the console, 0 for
    any free one, None for no console. Raises NotStarted if the port can't be had.
    """

    def __init__(self, terminal: Console | None, console_port: int | None) -> None:
        self._terminal = terminal
        self._port = console_port
        self._recording: Recording | None = None
        if console_port is not None:
            with failures_explained(console_port, "--console-port"), reserve(console_port):
                pass
            # Only the console needs Jinja and what else this imports.
            from tools.console.recording import Recording  # noqa: PLC0415 — see above

            self._recording = Recording()

    def exchange(self, exchange: Exchange) -> None:
        """Take a request when it comes, and again when it is answered."""
        if self._recording is not None:
            self._recording.exchange(exchange)
        if self._terminal is not None and exchange.response is not None:
            what = f"{exchange.request.method} {exchange.path} → {exchange.response.status}"
            self._terminal.print(f"{what}, {exchange.seconds * 1000:.0f} ms", style="bold")

    def line(self, line: LogLine) -> None:
        """Take a line of a function's log."""
        if self._recording is not None:
            self._recording.line(line)
        if self._terminal is not None:
            # A structured entry contains its function, and it can be decoded only without a prefix.
            bare = line.entry is not None and not self._terminal.is_terminal
            self._terminal.print(line.text if bare else f"  {line.function}  {line.text}")

    def serve(self, box: Sandbox, ending: ExitStack) -> str | None:
        """Serve the console, and give its address, which holds the token; None without one."""
        if self._recording is None or self._port is None:
            return None
        from tools.console.server import ConsoleServer  # noqa: PLC0415 — as above

        with failures_explained(self._port, "--console-port"):
            server = ConsoleServer(box, self._recording, port=self._port)
        return ending.enter_context(server).address
