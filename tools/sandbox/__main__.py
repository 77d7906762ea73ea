"""``python -m tools.sandbox up``: the sandbox from the command line, until SIGINT or SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path  # noqa: TC003 — typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tools.sandbox.artefacts import BuildMissing, PackageMissing
from tools.sandbox.build import BUILT, BuildFailed, build
from tools.sandbox.function import FunctionBroken
from tools.sandbox.intrinsics import Unresolved
from tools.sandbox.sandbox import Sandbox
from tools.sandbox.services import ServiceBroken

if TYPE_CHECKING:
    from tools.sandbox.front import Exchange
    from tools.sandbox.logs import LogLine

app = typer.Typer(add_completion=False, no_args_is_help=True)
console = Console(stderr=True)


@app.callback()
def sandbox() -> None:
    """Run the bridge on this machine: no Docker, no AWS account."""


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the webhook; 0 for any free one.")] = 3000,
    rehook_url: Annotated[
        str | None, typer.Option(help="A Rehook of your own, in place of the fake one.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="Name=Value of a template parameter; repeatable.")
    ] = None,
    template: Annotated[
        Path, typer.Option(help="Another built template; it is not built anew.")
    ] = BUILT,
    as_json: Annotated[  # noqa: FBT002 — typer's option
        bool, typer.Option("--json", help="One line of JSON when ready, and nothing else.")
    ] = False,
) -> None:
    """Start everything and run until SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    parameters = dict(_name_and_value(each) for each in parameter or [])
    try:
        if template == BUILT:
            build()
        with Sandbox(
            parameters=parameters,
            rehook_url=rehook_url,
            port=port,
            built=template,
            watch_exchange=None if as_json else _show_exchange,
            watch_log=None if as_json else _show_log,
        ) as box:
            if as_json:
                print(json.dumps(_description(box)), flush=True)
            else:
                _show(box)
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except (
        BuildFailed,
        BuildMissing,
        FunctionBroken,
        PackageMissing,
        ServiceBroken,
        Unresolved,
    ) as error:
        console.print(f"The sandbox does not start: {error}", markup=False, style="red")
        raise typer.Exit(1) from error
    except OSError as error:
        console.print(f"The sandbox does not start on port {port}: {error}", style="red")
        raise typer.Exit(1) from error


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise typer.BadParameter(f"{text} is not Name=Value", param_hint="--parameter")
    return name, value


def _description(box: Sandbox) -> dict[str, object]:
    return {
        "webhook": box.webhook,
        "rehook": box.rehook_url,
        "aws": box.aws.api_url,
        "sharedSecret": box.shared_secret,
        "pid": os.getpid(),
        "functions": {name: box.processes(name)[0].pid for name in box.functions},
    }


def _show(box: Sandbox) -> None:
    table = Table(title="The sandbox is ready. Ctrl-C ends it.", show_header=False)
    for route in box.stack.routes:
        table.add_row(f"{route.method} {route.path}", box.url + route.path)
    table.add_row("shared secret", box.shared_secret)
    table.add_row("Rehook", box.rehook_url)
    if hasattr(box, "rehook"):
        table.add_row("Rehook's control", box.rehook.url)
    table.add_row("AWS endpoint", box.aws.api_url)
    table.add_row("AWS control", box.aws.url)
    for name, resource in {**box.stack.queues, **box.stack.tables}.items():
        table.add_row(name, resource.name)
    for name in box.functions:
        table.add_row(name, f"process {box.processes(name)[0].pid}")
    console.print(table)


def _show_exchange(exchange: Exchange) -> None:
    seconds = f"{exchange.seconds * 1000:.0f} ms"
    console.print(f"{exchange.method} {exchange.path} → {exchange.status}, {seconds}", style="bold")


def _show_log(line: LogLine) -> None:
    console.print(f"  {line.function}  {line.text}", markup=False, highlight=False)


if __name__ == "__main__":
    app(prog_name="python -m tools.sandbox")
