"""`segment-rehook why`: all that is known of an event, of an order or of a user."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.message import Header
from segment_rehook_cli.aws_errors import exit_on_aws_error
from segment_rehook_cli.delivery_facts import Keeping, QueueName
from segment_rehook_cli.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.history_table import show_history
from segment_rehook_cli.investigation import Investigation, Looked
from segment_rehook_cli.ledger_records import LedgerRecords
from segment_rehook_cli.logs import StackLogs, cost, log_groups
from segment_rehook_cli.messages import failure, say
from segment_rehook_cli.on_stack import on_stack
from segment_rehook_cli.output import AsJson
from segment_rehook_cli.question import Question, about_event, about_order, about_user, key_of
from segment_rehook_cli.queue_search import QueueSearch
from segment_rehook_cli.stack import Stack
from segment_rehook_cli.system_clock import SystemClock
from segment_rehook_cli.time_window import DAY, Since, Until, utc_time, window
from segment_rehook_cli.user_key import read_user_key

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
    given = [each for each in (message_id, user, order) if each is not None]
    if len(given) != 1:
        raise failure("give one of these: a message id, --user ID or --order KEY", USAGE)
    now = time.time()
    keeping = Keeping.of(stack.parameters)
    asked = window(since, until, now=now, default=keeping.log_days * DAY)
    hashed = None if user is None else ids.user_hash(user)
    try:
        with exit_on_aws_error():
            question = _question(stack, message_id, order, hashed)
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
                investigation.looked = _look(stack, question, hashed, investigation.notes)
            say(f"asking the log from {utc_time(asked.since)} on")
            history, found = investigation.history(logs)
    except KeyboardInterrupt:
        raise failure("interrupted: nothing goes on running", FINDINGS) from None
    say(cost(found.read_bytes))
    show_history(history, as_json=as_json)
    for note in history.notes:
        say(note)
    if not history.deliveries or not history.complete:
        raise typer.Exit(FINDINGS)


def _question(
    stack: Stack, message_id: str | None, order: str | None, hashed: str | None
) -> Question:
    if hashed is not None:
        return about_user(ids.logged_user(hashed, read_user_key(stack)))
    try:
        return about_event(message_id) if message_id is not None else about_order(order or "")
    except ValueError as error:
        name = "the message id" if message_id is not None else "--order"
        raise failure(f"{name}: {error}", USAGE) from None


def _subscriptions(stack: Stack) -> list[str] | None:
    """Give the ids of the deployed subscriptions; None, and a line, if they can't be read."""
    # They are needed for what the log no longer has only.
    from segment_rehook_cli.deployed import read_deployed  # noqa: PLC0415 — see above
    from segment_rehook_cli.destination_file import destination_of  # noqa: PLC0415 — see above

    try:
        deployed = read_deployed(stack)
        loaded = destination_of(deployed.content, deployed.layer)
    except typer.Exit:  # its line is printed
        return None
    return [each.id for each in loaded.subscriptions]


def _look(stack: Stack, question: Question, hashed: str | None, notes: list[str]) -> Looked:
    """Search both queues; add to `notes` what could not be read."""

    def wanted(header: Header) -> bool:
        if hashed is not None:
            return header.user == hashed
        return key_of(header.delivery) == question.key

    parking = QueueSearch(stack.client("sqs"), SystemClock(), wanted)
    found = parking.search(stack.parking_lot_url, QueueName.PARKING_LOT)
    waiting = QueueSearch(stack.client("sqs"), SystemClock(), wanted)
    found += waiting.search(stack.dead_letter_queue_url, QueueName.DEAD_LETTERS)
    notes += [*parking.refusals.lines(), *waiting.refusals.lines()]
    if parking.unread:
        notes.append(f"not read in the parking lot: about {parking.unread} messages")
    if waiting.unread:
        say(f"about {waiting.unread} messages of the dead-letter queue are hidden: they wait")
    return Looked(found, whole=not parking.unread and not parking.refusals)
