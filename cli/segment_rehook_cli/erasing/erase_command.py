"""The command `erase`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segment_rehook.aws.system import SystemClock, SystemRandomness
from segment_rehook_cli.erasing.erasure import Erasure
from segment_rehook_cli.erasing.given_ids import given_ids
from segment_rehook_cli.erasing.ledger_table import LedgerTable
from segment_rehook_cli.erasing.looking import look_for
from segment_rehook_cli.erasing.person import Person
from segment_rehook_cli.erasing.summary import found_rows, show_summary
from segment_rehook_cli.failures.ledger_client import discarding_ledger
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import Yes, confirmed_by_word
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.terminal.exit_codes import FINDINGS, INTERRUPTED, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from segment_rehook_cli.failures.reader import QueueReader

__all__ = ["erase"]


@on_stack
def erase(
    stack: Stack,
    user_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="USER_ID",
            help="All ids of one person: userId, anonymousIds, other ids that a mapping sends as "
            "source_id. Better from a hidden prompt (no argument) or from standard input (-, one "
            "a line): other users of the machine can read arguments.",
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is found.")] = False,
    keep_business_keys: Annotated[
        bool,
        typer.Option(
            "--keep-business-keys",
            help="Keep the ledger's records of business keys, so that no order is delivered again.",
        ),
    ] = False,
    no_log: Annotated[
        bool,
        typer.Option(
            "--no-log",
            help="Do not read the log, which costs. Then only records of messages are found.",
        ),
    ] = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Erase a person from queues, ledger and marks, after the stack's name was typed.

    First it shows what it finds. It never prints the ids. What it can't erase, such as the log, it
    names at the end, with the time until when it is kept. Exit code 1 if a part was not done; run
    it again then.
    """
    person = Person(given_ids(user_ids))
    if not (yes or dry_run or terminal.input_is_terminal()):
        raise failure(
            "nothing was changed: there is no terminal to ask on, so give --dry-run or --yes", USAGE
        )
    stack.announce()
    with exit_on_aws_error():
        ledger = _ledger_table(stack)
        discarding = discarding_ledger(stack)
    try:
        found = look_for(person, stack, ledger, read_log=not no_log)
    except KeyboardInterrupt:
        raise failure("interrupted; nothing was changed", INTERRUPTED) from None
    found_rows(found, person, as_json=as_json)
    if dry_run or not found.erasable:
        show_summary(stack, found, None, keep=ledger.keep, as_json=as_json)
        raise typer.Exit(0 if found.complete else FINDINGS)
    what = counted(found.erasable, "message, record or mark", "messages, records and marks")
    question = f"Erase {what} for good?"
    if not confirmed_by_word(question, stack.name, yes=yes):
        raise failure("nothing was changed", FINDINGS)
    run = Erasure(
        person=person,
        ledger=ledger,
        discarding=discarding,
        start_reading=lambda queue, refusals: _reader(stack, queue, refusals),
        clock=SystemClock(),
        refusals=Refusals(),
        keep_keys=keep_business_keys,
        deliveries={*found.records} | found.deliveries,
    )
    run.run(found.marks)
    show_summary(stack, found, run, keep=ledger.keep, as_json=as_json)
    if not (run.complete and found.readable):
        say("a part was not done: run this again")
        if run.interrupted:
            raise KeyboardInterrupt
        raise typer.Exit(FINDINGS)


def _reader(stack: Stack, queue: QueueName, refusals: Refusals) -> QueueReader:
    [reader] = start_reading(stack, Selection(queue=QueueChoice(queue.value)), refusals).readers
    return reader


def _ledger_table(stack: Stack) -> LedgerTable:
    client: DynamoDBClient = stack.client("dynamodb")
    return LedgerTable(
        client,
        stack.output("LedgerTable"),
        keep=Keeping.of(stack.parameters).ledger_days * DAY,
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )
