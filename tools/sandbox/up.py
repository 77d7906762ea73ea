"""``python -m tools.sandbox up``: runs a sandbox until SIGINT or SIGTERM."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 — typer reads it at run time
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from tools.sandbox.build import BUILT, build
from tools.sandbox.description import lines
from tools.sandbox.destination import deployed, read_destination
from tools.sandbox.listener import reserve
from tools.sandbox.starting import NotStarted, failures_explained

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.console.recording import Recording
    from tools.console.server import ConsoleServer
    from tools.sandbox import Sandbox
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.logs import LogLine

Seen = TypeVar("Seen")

# Lines are not wrapped, because redirected output is searched and decoded line by line.
console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False, emoji=False)


def up(  # noqa: PLR0913 — an option each
    *,
    port: Annotated[
        int, typer.Option(help="Port of the webhook; 0 for any free one.", min=0, max=65535)
    ] = 3000,
    destination: Annotated[
        Path | None,
        typer.Option(
            help="A destination file to run on, instead of the one of the checkout that the "
            "parameter Destination names.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    rehook_url: Annotated[
        str | None, typer.Option(help="The URL of a Rehook of your own, instead of the fake one.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="A template parameter as Name=Value; repeatable.")
    ] = None,
    template: Annotated[
        Path, typer.Option(help="Another built template; it is used without a new build.")
    ] = BUILT,
    console_page: Annotated[
        bool, typer.Option("--console", help="Serve the console too, and print its address.")
    ] = False,
    console_port: Annotated[
        int, typer.Option(help="Port of the console; 0 for any free one.", min=0, max=65535)
    ] = 3001,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when ready, and nothing else.")
    ] = False,
) -> None:
    """Start everything and run until SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    parameters = dict(_name_and_value(each) for each in parameter or [])
    if destination is None and template == BUILT:
        destination = deployed(parameters)
    try:
        # Its import takes seconds, and the other commands do not need it.
        from tools.sandbox.sandbox import Sandbox  # noqa: PLC0415 — see above

        recording = _recording() if console_page else None
        with ExitStack() as ending:
            if console_page:
                # These checks come first, because a build may take a minute.
                with failures_explained(console_port, "--console-port"), reserve(console_port):
                    pass
            with failures_explained(port):
                with reserve(port):
                    if destination is not None:
                        destination = destination.absolute()
                        read_destination(destination)
                    if template == BUILT:
                        build()
                box = ending.enter_context(
                    Sandbox(
                        parameters=parameters,
                        rehook_url=rehook_url,
                        port=port,
                        built=template,
                        destination=destination,
                        announce=True,
                        watch_exchange=_all_of(
                            None if recording is None else recording.exchange,
                            None if as_json else _show_exchange,
                        ),
                        watch_log=_all_of(
                            None if recording is None else recording.line,
                            None if as_json else _show_log,
                        ),
                    )
                )
                address = None
                if recording is not None:
                    address = ending.enter_context(_console(box, recording, console_port)).address
            if as_json:
                described = msgspec.to_builtins(box.description())
                print(json.dumps(described | {"console": address}), flush=True)
            else:
                console.print("\n".join(lines(box.description(), box.routes)))
                if address is not None:
                    # It holds the token. Standard error is what is kept as a log.
                    print(f"Console, for your browser: {address}", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except NotStarted as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from error


def _recording() -> Recording:
    # Its import takes a while, and needs packages that the sandbox itself does not.
    from tools.console.recording import Recording  # noqa: PLC0415 — see above

    return Recording()


def _console(box: Sandbox, recording: Recording, port: int) -> ConsoleServer:
    from tools.console.server import ConsoleServer  # noqa: PLC0415 — as above

    with failures_explained(port, "--console-port"):
        return ConsoleServer(box, recording, port=port)


def _all_of(*watchers: Callable[[Seen], None] | None) -> Callable[[Seen], None]:
    """One watcher that calls all of these."""
    calling = [each for each in watchers if each is not None]

    def watch(seen: Seen) -> None:
        for each in calling:
            each(seen)

    return watch


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise typer.BadParameter(f"{text} is not Name=Value", param_hint="--parameter")
    return name, value


def _show_exchange(exchange: Exchange) -> None:
    if exchange.response is None:
        return
    what = f"{exchange.request.method} {exchange.path} → {exchange.response.status}"
    console.print(f"{what}, {exchange.seconds * 1000:.0f} ms", style="bold")


def _show_log(line: LogLine) -> None:
    # A structured entry contains its function, and it can be decoded only without a prefix.
    bare = line.entry is not None and not console.is_terminal
    console.print(line.text if bare else f"  {line.function}  {line.text}")
