"""`segment-rehook why`: all that is known of an event, of an order or of a user."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from segment_rehook.aws.system import SystemClock
from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.message import Header
from segment_rehook.segment.event import Event
from segment_rehook_cli.log.stack_logs import StackLogs, cost, log_groups
from segment_rehook_cli.log.time_window import DAY, Since, Until, utc_time, window
from segment_rehook_cli.log.user_key import read_user_key
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import FINDINGS, INTERRUPTED, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson
from segment_rehook_cli.why.delivery_facts import Keeping
from segment_rehook_cli.why.explained_event import event_of_file, explained
from segment_rehook_cli.why.history_table import show_history
from segment_rehook_cli.why.investigation import Investigation
from segment_rehook_cli.why.ledger_records import LedgerRecords
from segment_rehook_cli.why.question import (
    Question,
    about_event,
    about_message_id,
    about_order,
    about_user,
    key_of,
)
from segment_rehook_cli.why.queue_search import search_queues

__all__ = ["why"]


@on_stack
def why(  # noqa: PLR0913 — an option each
    stack: Stack,
    message_id: Annotated[
        str | None,
        typer.Argument(help="Segment's messageId, as in Segment's debugger or in the log."),
    ] = None,
    *,
    user: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The user, by the id that Rehook gets: the userId."),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="The value of an idempotencyKey, for example the order's number."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    look_in_queues: Annotated[
        bool,
        typer.Option(
            "--look-in-queues",
            help="Read both queues too. SQS counts a receive for each message, and hides it "
            "meanwhile.",
        ),
    ] = False,
    event: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The event itself: its messageId is asked for, and what the deployed mapping "
            "makes of it is explained.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Explain what the deployed mapping makes of the event, if it is found in a queue. "
            "Shows personal data.",
        ),
    ] = False,
    last: Annotated[
        int, typer.Option(min=1, max=1000, help="Tell so many of a user's deliveries, the latest.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Tell what became of an event, of an order or of a user's events, and end in one sentence.

    Changes nothing. The log is asked with CloudWatch Logs Insights, which AWS charges for what it
    reads; what was read is said on standard error. Exit code 1: there is no trace, or not all could
    be read.
    """
    given = [each for each in (message_id, user, order, event) if each is not None]
    if len(given) != 1:
        raise failure(
            "give one of these: a message id, --user ID, --order KEY or --event FILE", USAGE
        )
    if user == "":
        raise failure("--user: it is empty", USAGE)
    if explain and not look_in_queues:
        raise failure("--explain needs the event: give --look-in-queues, or --event FILE", USAGE)
    read = None if event is None else event_of_file(event)
    now = time.time()
    keeping = Keeping.of(stack.parameters)
    asked = window(since, until, now=now, default=keeping.log_days * DAY)
    hashed = None if user is None else ids.user_hash(user)
    try:
        with exit_on_aws_error():
            question = _question(stack, read if message_id is None else message_id, order, hashed)
            clock = SystemClock()
            logs = StackLogs(stack.client("logs"), log_groups(stack), clock)
            investigation = Investigation(
                question=question,
                window=asked,
                now=now,
                keeping=keeping,
                ledger=LedgerRecords(stack.client("dynamodb"), stack.output("LedgerTable"), clock),
                subscriptions=lambda: _subscriptions(stack),
                user=hashed,
                last=last,
            )
            if look_in_queues:
                investigation.looked = search_queues(stack, _wanted(question, hashed))
            say(f"asking the log from {utc_time(asked.since)} on")
            history, found = investigation.history(logs)
            queued = (each.event for each in investigation.looked.messages)
            shown = read or (next(queued, None) if explain else None)
            if shown is not None:
                history = replace(
                    history, explanations=[{**each} for each in explained(stack, shown)]
                )
    except KeyboardInterrupt:
        raise failure("interrupted: there is no answer", INTERRUPTED) from None
    say(cost(found.read_bytes))
    if hidden := investigation.looked.hidden:
        what = counted(
            hidden,
            "message of the dead-letter queue is hidden, and was",
            "messages of the dead-letter queue are hidden, and were",
        )
        say(f"about {what} not seen")
    show_history(history, as_json=as_json)
    for note in history.notes:
        say(note)
    if not history.deliveries or not history.complete:
        raise typer.Exit(FINDINGS)


def _question(
    stack: Stack, asked: str | Event | None, order: str | None, hashed: str | None
) -> Question:
    """Make the question. `asked`: a message id or an event. `hashed`: the ledger's user."""
    if hashed is not None:
        return about_user(ids.logged_user(hashed, read_user_key(stack)))
    try:
        match asked:
            case None:
                return about_order(order or "")
            case str():
                return about_message_id(asked)
            case _:
                return about_event(asked)
    except ValueError as error:
        name = "--order" if asked is None else "the event's id"
        raise failure(f"{name}: {error}", USAGE) from None


def _subscriptions(stack: Stack) -> list[str] | None:
    """Give the ids of the deployed subscriptions; None, and a line, if they can't be read."""
    # They are needed for what the log no longer has only.
    from segment_rehook_cli.mapping.destination_loading import destination_of  # noqa: PLC0415 — see above
    from segment_rehook_cli.stack.deployed import read_deployed  # noqa: PLC0415 — see above

    try:
        deployed = read_deployed(stack)
        loaded = destination_of(deployed.content, deployed.layer)
    except typer.Exit:  # its line is printed
        return None
    return [each.id for each in loaded.subscriptions]


def _wanted(question: Question, hashed: str | None) -> Callable[[Header], bool]:
    """Choose the messages that a question is about. `hashed`: the user's name in the ledger."""
    if hashed is not None:
        return lambda header: header.user == hashed
    return lambda header: key_of(header.delivery) == question.key
