"""``python -m tools.sandbox up``: runs a sandbox until SIGINT or SIGTERM."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 — typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from tools.sandbox.build import BUILT, build
from tools.sandbox.description import lines
from tools.sandbox.destination import deployed, read_destination
from tools.sandbox.listener import reserve
from tools.sandbox.starting import NotStarted, failures_explained
from tools.sandbox.watching import Watching

if TYPE_CHECKING:
    from tools.sandbox import Sandbox

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

        watching = Watching(None if as_json else console, console_port if console_page else None)
        with ExitStack() as ending:
            with failures_explained(port):
                # These checks come first, because a build may take a minute.
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
                        watch_exchange=watching.exchange,
                        watch_log=watching.line,
                    )
                )
            _describe(box, watching.serve(box, ending), as_json=as_json)
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except NotStarted as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from error


def _describe(box: Sandbox, address: str | None, *, as_json: bool) -> None:
    """Say where everything is. ``address``: the console's, which holds its token."""
    if as_json:
        described = msgspec.to_builtins(box.description())
        print(json.dumps(described | ({"console": address} if address else {})), flush=True)
        return
    console.print("\n".join(lines(box.description(), box.routes)))
    if address is not None:
        # Not on standard error, which is what people keep as a log.
        print(f"The console, for your browser: {address}", flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise typer.BadParameter(f"{text} is not Name=Value", param_hint="--parameter")
    return name, value
