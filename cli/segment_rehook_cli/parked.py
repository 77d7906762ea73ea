"""The commands on the parking lot: list its messages, and send them back.

SQS's own redrive sends messages back too, from the console (docs/redrive.md). These commands can
choose by reason or delivery, and put each message into its user's group.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook_cli import terminal
from segment_rehook_cli.aws_errors import exit_on_aws_error
from segment_rehook_cli.messages import failure, say
from segment_rehook_cli.on_stack import on_stack
from segment_rehook_cli.parking_lot_reader import ParkingLotReader
from segment_rehook_cli.refusals import Refusals
from segment_rehook_cli.sending_back import DeadLetterQueue, SendingBack
from segment_rehook_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["commands"]

_QUEUE_URL: Final = re.compile(r"https?://[^/]+/.*[A-Za-z0-9_-]+\.fifo")

commands = typer.Typer(
    help="The messages in the parking lot: list them, send them back.", no_args_is_help=True
)


def _queue_url(url: str | None) -> str | None:
    if url is not None and not _QUEUE_URL.fullmatch(url):
        raise typer.BadParameter(
            "this is not the URL of a FIFO queue; give one such as https://sqs.….fifo"
        )
    return url


ReasonOption = Annotated[
    str | None, typer.Option(help="Only messages that were parked for this reason.")
]
FromQueueOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        callback=_queue_url,
        help="Read this queue instead of the stack's parking lot, for example a deleted stack's.",
    ),
]


class _Clock:
    """The port `Clock`."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


@commands.command("list", epilog="Example: segment-rehook parked list --stack prod --json")
@on_stack
def list_parked(
    stack: Stack,
    *,
    reason: ReasonOption = None,
    from_queue: FromQueueOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON per message.")
    ] = False,
) -> None:
    """List the messages in the parking lot, and why each was parked. Changes nothing."""
    refusals = Refusals()
    with exit_on_aws_error():
        client: SQSClient = stack.client("sqs")
        reader = ParkingLotReader(client, from_queue or stack.parking_lot_url, _Clock(), refusals)
    rows = []
    interrupted = False
    try:
        with _progress(reader.expected, "read") as progress:
            for portion in reader.portions():
                rows += [each.summary(reader.started_at) for each in portion]
                progress(len(rows))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        reader.close()
    unread = reader.unread()
    _show(
        [row for row in rows if reason in {None, row["reason"]}],
        as_json=as_json,
    )
    _say_all(refusals.lines())
    _say_all(_not_read(unread, ended=not (interrupted or refusals)))
    if interrupted or refusals or unread:
        raise typer.Exit(1)


@commands.command(
    epilog="Examples: segment-rehook parked redrive --stack prod --reason rejected · "
    "segment-rehook parked redrive --stack prod --delivery ID --stored"
)
@on_stack
def redrive(
    stack: Stack,
    *,
    reason: ReasonOption = None,
    delivery: Annotated[str | None, typer.Option(help="Only the message of this delivery.")] = None,
    stored: Annotated[
        bool, typer.Option(help="Deliver the stored request; do not map the event again.")
    ] = False,
    from_queue: FromQueueOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Send parked messages back to the dead-letter queue, from where they are delivered.

    Asks for confirmation if neither --reason nor --delivery is given, or if --from-queue is given.
    With --from-queue, an event that the other stack has delivered can be delivered AGAIN, because
    this stack's ledger does not know of that delivery: read docs/redrive.md first.
    """
    must_ask = not yes and (from_queue is not None or (reason is None and delivery is None))
    if must_ask and not terminal.input_is_terminal():
        wanted = "--yes" if from_queue else "--yes, --reason or --delivery"
        raise failure(f"nothing was sent: there is no terminal to ask on, so give {wanted}", 2)
    if from_queue == stack.dead_letter_queue_url:
        raise typer.BadParameter(
            "this is the stack's own dead-letter queue", param_hint="from-queue"
        )
    stack.announce()
    refusals = Refusals()
    clock = _Clock()
    with exit_on_aws_error():
        client: SQSClient = stack.client("sqs")
        reader = ParkingLotReader(client, from_queue or stack.parking_lot_url, clock, refusals)
    if must_ask:
        _ask(reader.expected, from_queue)
    run = SendingBack(
        reader=reader,
        target=DeadLetterQueue(client, stack.dead_letter_queue_url),
        clock=clock,
        refusals=refusals,
        chosen=lambda header: (
            reason in {None, header.reason} and delivery in {None, header.delivery}
        ),
        stored=stored,
    )
    interrupted = False
    try:
        with _progress(reader.expected, "sent back or left") as progress:
            run.run(progress)
    except KeyboardInterrupt:
        interrupted = True
    unread = 0 if delivery is not None and run.sent else reader.unread()
    _say_all(run.notes())
    _say_all(_not_read(unread, ended=run.complete and not interrupted))
    typer.echo(f"sent back: {run.sent}, left: {reader.left}")
    missing = delivery is not None and not run.sent
    if missing and run.complete and not (interrupted or unread):
        say("there is no such delivery in the queue: see `segment-rehook parked list`")
    if interrupted or unread or missing or not run.complete:
        raise typer.Exit(1)


def _ask(expected: int, from_queue: str | None) -> None:
    if from_queue is None:
        question = f"Send all parked messages back, about {expected}?"
    else:
        question = (
            f"There are about {expected} messages in {from_queue}. This stack's ledger does not "
            "know what the other stack delivered, so an event can be delivered again "
            "(docs/redrive.md). Send them?"
        )
    if not typer.confirm(question, err=True):
        typer.echo("sent back: 0")
        raise typer.Exit(1)


def _not_read(unread: int, *, ended: bool) -> Iterator[str]:
    if unread and ended:
        yield (
            f"not read: about {unread}; a console or another run holds them, or they are behind "
            "messages that are held: try again later"
        )
    elif unread:
        yield f"not read: about {unread}"


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _show(rows: list[dict[str, str | int | None]], *, as_json: bool) -> None:
    """Print the rows, oldest first: as JSON, as a table on a terminal, else separated by tabs."""
    rows.sort(key=lambda row: -int(row["parkedSecondsAgo"] or 0))
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("delivery", "reason", "detail", "parked for")
    cells = [
        (
            str(row["delivery"]),
            str(row["reason"]),
            str(row["detail"]),
            f"{int(row['parkedSecondsAgo'] or 0) / 3600:.1f} h",
        )
        for row in rows
    ]
    if not terminal.output_is_terminal():
        for each in (columns, *cells):
            typer.echo("\t".join(each))
        return
    from rich.console import Console  # noqa: PLC0415 — only a terminal needs it
    from rich.table import Table  # noqa: PLC0415 — as above

    table = Table(*columns)
    for each in cells:
        table.add_row(*each)
    Console(markup=False).print(table)


@contextmanager
def _progress(expected: int, done: str) -> Iterator[Callable[[int], None]]:
    """Show a progress bar if standard error is a terminal; gives a function to set the number."""
    from rich.console import Console  # noqa: PLC0415 — slow to import, and few need it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress  # noqa: PLC0415 — as above

    console = Console(stderr=True)
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        f"messages {done}",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=expected)
        yield lambda number: bar.update(task, completed=number, total=max(number, expected))
