"""What was given up, and the way back: look into the parking lot, send its messages back.

SQS's own redrive does the same from the console (docs/redrive.md). This one can choose by reason or
delivery, and puts each message back into its user's group.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from segment_rehook_cli import terminal
from segment_rehook_cli.aws_errors import refusals_told
from segment_rehook_cli.lot import Lot
from segment_rehook_cli.redrive import Redrive, Target
from segment_rehook_cli.refusals import Refusals
from segment_rehook_cli.stack import Region, StackName, look_up

__all__ = ["commands"]

_QUEUE_URL: Final = re.compile(r"https?://[^/]+/.*[A-Za-z0-9_-]+\.fifo")

commands = typer.Typer(help="What was given up: look at it, send it back.", no_args_is_help=True)


def _queue_url(url: str | None) -> str | None:
    if url is not None and not _QUEUE_URL.fullmatch(url):
        raise typer.BadParameter("the URL of a FIFO queue is wanted: https://sqs.….fifo")
    return url


Reason = Annotated[str | None, typer.Option(help="Only what was parked for this reason.")]
FromQueue = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        callback=_queue_url,
        help="Another queue in place of the stack's parking lot: what a deleted stack left behind.",
    ),
]


class _Clock:
    """The port `Clock`."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


@commands.command("list", epilog="Example: segment-rehook parked list --stack prod --json")
def list_parked(
    *,
    stack: StackName,
    region: Region = None,
    reason: Reason = None,
    from_queue: FromQueue = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
) -> None:
    """Show what was given up, and why. Nothing is changed."""
    found = look_up(stack, region)
    refusals = Refusals()
    with refusals_told():
        client = found.session.client("sqs")
        lot = Lot(client, from_queue or found.parking_lot_url, _Clock(), refusals)
    rows = []
    interrupted = False
    try:
        with _progress(lot.expected, "read") as progress:
            for portion in lot.portions():
                rows += [each.shown(lot.began) for each in portion]
                progress(len(rows))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        lot.close()
    unread = lot.unread()
    _show(
        [row for row in rows if reason in {None, row["reason"]}],
        as_json=as_json,
    )
    _say(refusals.lines())
    _say(_not_read(unread, ended=not (interrupted or refusals)))
    if interrupted or refusals or unread:
        raise typer.Exit(1)


@commands.command(
    epilog="Examples: segment-rehook parked redrive --stack prod --reason rejected · "
    "segment-rehook parked redrive --stack prod --delivery ID --stored"
)
def redrive(
    *,
    stack: StackName,
    region: Region = None,
    reason: Reason = None,
    delivery: Annotated[str | None, typer.Option(help="Only this delivery.")] = None,
    stored: Annotated[
        bool, typer.Option(help="Send the stored request; do not map the event anew.")
    ] = False,
    from_queue: FromQueue = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send parked messages back to the dead-letter queue, from where they are delivered.

    Without --reason or --delivery, and with --from-queue, it asks first. What the stack that
    --from-queue belonged to has delivered already, this stack's ledger does not know: it can be
    delivered AGAIN. See docs/redrive.md before you send a reward back.
    """
    must_ask = not yes and (from_queue is not None or (reason is None and delivery is None))
    if must_ask and not terminal.interactive():
        wanted = "--yes" if from_queue else "--yes, or --reason or --delivery to choose"
        _say([f"nothing was sent: without a terminal to ask on, give {wanted}"])
        raise typer.Exit(2)
    found = look_up(stack, region)
    if from_queue == found.dead_letter_queue_url:
        raise typer.BadParameter(
            "this is the stack's own dead-letter queue", param_hint="from-queue"
        )
    found.announce()
    refusals = Refusals()
    clock = _Clock()
    with refusals_told():
        client = found.session.client("sqs")
        lot = Lot(client, from_queue or found.parking_lot_url, clock, refusals)
    if must_ask:
        _ask(lot.expected, from_queue)
    run = Redrive(
        lot=lot,
        target=Target(client, found.dead_letter_queue_url),
        clock=clock,
        refusals=refusals,
        chosen=lambda header: (
            reason in {None, header.reason} and delivery in {None, header.delivery}
        ),
        stored=stored,
    )
    interrupted = False
    try:
        with _progress(lot.expected, "sent back or left") as progress:
            run.run(progress)
    except KeyboardInterrupt:
        interrupted = True
    unread = 0 if delivery is not None and run.sent else lot.unread()
    _say(run.notes())
    _say(_not_read(unread, ended=run.complete and not interrupted))
    typer.echo(f"sent back: {run.sent}, left: {lot.left}")
    missing = delivery is not None and not run.sent
    if missing and run.complete and not (interrupted or unread):
        _say(["no such delivery was found: see `segment-rehook parked list`"])
    if interrupted or unread or missing or not run.complete:
        raise typer.Exit(1)


def _ask(expected: int, from_queue: str | None) -> None:
    if from_queue is None:
        question = f"Send all of about {expected} parked messages back?"
    else:
        question = (
            f"About {expected} messages lie in {from_queue}. This stack's ledger does not know "
            "what the other stack delivered, so that can be delivered again (docs/redrive.md). "
            "Send them?"
        )
    if not typer.confirm(question, err=True):
        typer.echo("sent back: 0")
        raise typer.Exit(1)


def _not_read(unread: int, *, ended: bool) -> Iterator[str]:
    if unread and ended:
        yield (
            f"not read: about {unread}; somebody else holds them (a console, another run), or they "
            "stand behind others: try again later"
        )
    elif unread:
        yield f"not read: about {unread}"


def _say(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        typer.echo(f"segment-rehook: {line}", err=True)


def _show(rows: list[dict[str, str | int | None]], *, as_json: bool) -> None:
    """Oldest first: JSON, a table on a terminal, or columns with tabs between them."""
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
    if not terminal.watched():
        for each in (columns, *cells):
            typer.echo("\t".join(each))
        return
    from rich.console import Console  # noqa: PLC0415 — only this command draws a table
    from rich.table import Table  # noqa: PLC0415 — as above

    table = Table(*columns)
    for each in cells:
        table.add_row(*each)
    Console(markup=False).print(table)


@contextmanager
def _progress(expected: int, done: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal; told how many messages are done."""
    from rich.console import Console  # noqa: PLC0415 — only these commands draw a bar
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
