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

if TYPE_CHECKING:
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.logs import LogLine

# Lines are not wrapped, because redirected output is searched and decoded line by line.
console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False, emoji=False)


def up(
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
                        watch_exchange=None if as_json else _show_exchange,
                        watch_log=None if as_json else _show_log,
                    )
                )
            if as_json:
                print(json.dumps(msgspec.to_builtins(box.description())), flush=True)
            else:
                console.print("\n".join(lines(box.description(), box.routes)))
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except NotStarted as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from error


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise typer.BadParameter(f"{text} is not Name=Value", param_hint="--parameter")
    return name, value


def _show_exchange(exchange: Exchange) -> None:
    seconds = f"{exchange.seconds * 1000:.0f} ms"
    console.print(f"{exchange.method} {exchange.path} → {exchange.status}, {seconds}", style="bold")


def _show_log(line: LogLine) -> None:
    # A structured entry contains its function, and it can be decoded only without a prefix.
    bare = line.entry is not None and not console.is_terminal
    console.print(line.text if bare else f"  {line.function}  {line.text}")
