"""The console's server: loopback only, a thread for each request, ended with the sandbox."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from tools.console.app import ConsoleApp
from tools.console.guard import Guard
from tools.console.subject import ConsoleSubject
from tools.sandbox.listener import LOOPBACK

if TYPE_CHECKING:
    from tools.console.recording import Recording
    from tools.sandbox import Sandbox

__all__ = ["ConsoleServer"]


class _Quiet(WSGIRequestHandler):
    """Logs nothing: an address has a person's filter in it, and a body the token."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 — the base class's name
        """Log nothing."""


class ConsoleServer:
    """A running console. It is a context manager. ``port``: 0 for any free one. Raises OSError.

    ``address`` has the token in its fragment, which no browser sends: it is for the user alone.
    """

    def __init__(self, box: Sandbox, recording: Recording, *, port: int = 0) -> None:
        self._recording = recording
        self._server = make_server(LOOPBACK, port, _unready, threaded=True, request_handler=_Quiet)
        host = f"{LOOPBACK}:{self._server.server_port}"
        guard = Guard(host)
        self._app = ConsoleApp(ConsoleSubject.of(box, recording), guard)
        self._server.app = self._app
        self.url = f"http://{host}"
        self.address = f"{self.url}/#{guard.token}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The port first: a page that is told of the end looks for the next sandbox there.
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._recording.close()
        self._app.close()


def _unready(*_: object) -> Any:
    raise RuntimeError("the console is not started yet")
