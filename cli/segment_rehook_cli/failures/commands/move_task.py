"""`failures redrive --by move-task`: SQS moves the parking lot, and the command watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.failures.moving import MAX_MOVE_RATE, Moved, MoveTask, queue_arn
from segment_rehook_cli.stack.aws_errors import error_line, exit_on_aws_error
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from segment_rehook_cli.terminal.confirm import confirmed
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from segment_rehook_cli.stack.stack import Stack

__all__ = ["redrive_by_task"]

_GOES_ON: Final = " – SQS goes on with the task: run the command again to watch it"


def redrive_by_task(stack: Stack, rate: float | None, *, yes: bool) -> None:
    """Move all parked messages. A task that is running already is watched to its end."""
    if rate is not None and not (rate.is_integer() and 1 <= rate <= MAX_MOVE_RATE):
        raise failure(
            f"--rate: SQS takes a whole number from 1 to {MAX_MOVE_RATE} with --by move-task", USAGE
        )
    stack.announce()
    with exit_on_aws_error():
        client: SQSClient = stack.client("sqs")
        task = MoveTask(client, queue_arn(client, stack.parking_lot_url), SystemClock())
        target = queue_arn(client, stack.dead_letter_queue_url)
        if task.running():
            say("a move task of the parking lot is running already: watching it (Ctrl-C cancels)")
        else:
            _start(task, target, rate, client=client, stack=stack, yes=yes)
    try:
        with progress(None, "messages moved") as show:
            state = task.follow(lambda state: show(state.moved))
    except KeyboardInterrupt:
        _cancel(task)
        raise
    except aws_error_classes() as error:
        raise failure(f"{error_line(error)}{_GOES_ON}") from None
    _show(state)
    if state.status != "COMPLETED":
        raise typer.Exit(FINDINGS)


def _start(
    task: MoveTask,
    target: str,
    rate: float | None,
    *,
    client: SQSClient,
    stack: Stack,
    yes: bool,
) -> None:
    counted = client.get_queue_attributes(
        QueueUrl=stack.parking_lot_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    number = counted["Attributes"]["ApproximateNumberOfMessages"]
    question = (
        f"Have SQS move all parked messages, about {number}? The events of "
        "one user may then be delivered in another order than they were sent."
    )
    if not confirmed(question, yes=yes):
        typer.echo("moved: 0")
        raise typer.Exit(FINDINGS)
    try:
        task.start(target, None if rate is None else int(rate))
    except KeyboardInterrupt:  # SQS may have taken it
        _cancel(task)
        raise


def _cancel(task: MoveTask) -> None:
    """Have SQS end the task, and say how far it came."""
    try:
        _show(task.cancel())
    except aws_error_classes() as error:
        say(f"{error_line(error)}{_GOES_ON}")


def _show(state: Moved) -> None:
    expected = "" if state.expected is None else f" of about {state.expected}"
    typer.echo(f"moved: {state.moved}{expected}, {state.status.lower()}")
    if state.why:
        say(f"SQS: {state.why}")
