"""The commands ``reload`` and ``send`` for a running sandbox, found by its control address.

Exit codes: 0 for success; 1 if refused, unreachable or answered with another status than 200; 2 for
unreadable input or a wrong option.
"""

from __future__ import annotations

import json
from contextlib import closing
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer
from urllib3.exceptions import HTTPError

from segment_rehook.segment.event import Event
from segment_rehook_cli.mapping.reading import Unreadable, read_bytes, read_events
from segment_rehook_cli.stack.running_sandbox import CONTROL_VARIABLE, NoSandbox, find
from tools.sandbox.control import ControlClient, ControlRefused
from tools.sandbox.sandbox_control import ReloadOrder
from tools.sandbox.segment import Reply, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMEOUT_SECONDS: Final = 35.0
"""Longer than API Gateway waits for a function, so that API Gateway's answer arrives."""

MAX_BATCH_EVENTS: Final = 1000
"""Segment's limit on the events of one batch."""

STANDARD_INPUT: Final = Path("-")

ControlAddress = Annotated[
    str | None,
    typer.Option(
        "--control",
        envvar=CONTROL_VARIABLE,
        help="The sandbox's control address, as up prints it; not needed if one sandbox runs.",
    ),
]


def reload(
    *,
    control: ControlAddress = None,
    destination: Annotated[
        Path | None,
        typer.Option(
            help="A destination.json to use instead of the last one.", exists=True, dir_okay=False
        ),
    ] = None,
) -> None:
    """Make a running sandbox read destination.json again; queues, table and secrets stay.

    A file with mistakes is refused, and nothing changes.
    """
    path = None if destination is None else str(destination.absolute())
    done = _asked(control, "POST", "/reload", ReloadOrder(path))
    ids = ", ".join(done["subscriptions"]) or "none"
    typer.echo(f"running on {done['destination']}; subscriptions: {ids}")


def send(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files with a JSON object, a JSON array, or a JSON object on each line. "
            "Default: standard input."
        ),
    ] = None,
    *,
    batch: Annotated[
        bool, typer.Option("--batch", help="Send all events in one request, up to 1000 in each.")
    ] = False,
    control: ControlAddress = None,
    webhook: Annotated[
        str | None, typer.Option(help="A webhook to send to, instead of a running sandbox.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="SHARED_SECRET", help="The shared secret of --webhook."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON for each request.")
    ] = False,
) -> None:
    """Send events of your own to the webhook, signed as Segment signs them.

    Prints the status and the body of each answer. Sends nothing if a file cannot be read.
    """
    events = [event for file in files or [STANDARD_INPUT] for event in _events(file)]
    if webhook is None:
        said = _asked(control, "GET", "/sandbox")
        webhook, secret = said["webhook"], said["sharedSecret"]
    elif secret is None:
        raise typer.BadParameter("--webhook needs its shared secret", param_hint="--secret")
    requests = list(_portions(events, MAX_BATCH_EVENTS)) if batch else [[each] for each in events]
    answered = 0
    refused = 0
    with closing(Segment(webhook, secret, timeout=TIMEOUT_SECONDS)) as segment:
        for request in requests:
            try:
                reply = _sent(segment, request, batch=batch)
            except HTTPError as error:
                left = len(requests) - answered
                raise _failed(
                    f"{webhook} gives no answer: {error}; requests left: {left}"
                ) from None
            answered += 1
            refused += reply.status != HTTPStatus.OK
            typer.echo(_shown(reply, as_json=as_json))
    if refused:
        raise _failed(f"{refused} of {answered} requests were not answered with 200")


def _events(file: Path) -> list[bytes]:
    name = "standard input" if file == STANDARD_INPUT else str(file)
    events = []
    try:
        for number, event in enumerate(read_events(read_bytes(file)), start=1):
            if not isinstance(event, Event):
                raise _failed(f"{name}: element {number} is no event: {event.detail}", 2)
            events.append(event.raw)
    except Unreadable as error:
        raise _failed(f"{name}: {error}", 2) from None
    if not events:
        raise _failed(f"{name}: there is no event in it", 2)
    return events


def _portions(events: Sequence[bytes], size: int) -> Iterator[list[bytes]]:
    rest = iter(events)
    while portion := list(islice(rest, size)):
        yield portion


def _sent(segment: Segment, events: list[bytes], *, batch: bool) -> Reply:
    if batch:
        return segment.send_signed(b"[" + b",".join(events) + b"]", events[0])
    return segment.send_signed(events[0])


def _shown(reply: Reply, *, as_json: bool) -> str:
    if not as_json:
        return f"{reply.status} {reply.text}"
    try:
        answer = json.loads(reply.text)
    except ValueError:
        answer = reply.text
    return json.dumps({"status": reply.status, "answer": answer})


def _asked(control: str | None, method: str, path: str, order: object = msgspec.UNSET) -> Any:
    if control is None:
        try:
            control = find().environment.get(CONTROL_VARIABLE, "")
        except NoSandbox as none:
            raise typer.BadParameter(str(none), param_hint="--control") from None
    try:
        with closing(ControlClient(control.rstrip("/"))) as client:
            return client.call(method, path, order)
    except ControlRefused as error:
        raise _failed(str(error)) from None
    except HTTPError as error:
        raise _failed(f"no sandbox answers at {control}: {error}") from None


def _failed(message: str, code: int = 1) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(code)
