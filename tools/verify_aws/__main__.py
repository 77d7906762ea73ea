"""`python -m tools.verify_aws --stack NAME`: runs all checks, in the AWS account that is signed in.

Needs permission to read the stack, to simulate policies, to read the stack's secrets, and to create
and delete a queue. Sends one event that no subscription asks for; nothing is delivered to Rehook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from rich.console import Console

from segment_rehook_cli.stack.botocore_errors import AWS_ERRORS
from tools.verify_aws import functions, stores
from tools.verify_aws.fifo_queue import fifo_queue
from tools.verify_aws.live_alias import live_alias
from tools.verify_aws.secrets import read_secrets
from tools.verify_aws.stack import read_stack
from tools.verify_aws.webhook import webhook_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.verify_aws.check import Check

console = Console()


def checks(session: boto3.Session, name: str) -> Iterator[Check]:
    """Make all checks of a stack, one after the other."""
    stack = read_stack(session.client("cloudformation"), name)
    secrets, readable = read_secrets(session.client("ssm"), stack.outputs["SecretsPath"])
    yield readable
    shared = secrets.shared_secrets if secrets else ()
    yield from webhook_checks(stack.outputs["WebhookUrl"], shared[0] if shared else None)

    sqs, lambdas = session.client("sqs"), session.client("lambda")
    redrive = stack.physical["RedriveFunction"]
    timeout = lambdas.get_function_configuration(FunctionName=redrive)["Timeout"]
    waiting = stack.outputs["DeadLetterQueueUrl"]
    yield from stores.queues(sqs, waiting, stack.outputs["ParkingLotUrl"], timeout)
    yield from stores.table(session.client("dynamodb"), stack.outputs["LedgerTable"])
    yield from fifo_queue(sqs)

    yield from live_alias(lambdas, stack)
    queue = sqs.get_queue_attributes(QueueUrl=waiting, AttributeNames=["QueueArn"])
    yield from functions.event_source(lambdas, redrive, queue["Attributes"]["QueueArn"])
    for role in stack.of_kind("AWS::IAM::Role"):
        yield from functions.permissions(session.client("iam"), stack.physical[role])
    names = [stack.physical[each] for each in stack.of_kind("AWS::CloudWatch::Alarm")]
    yield from functions.alarms(session.client("cloudwatch"), names)


def main(
    stack: Annotated[str, typer.Option(help="Name of the deployed stack.")],
    region: Annotated[str | None, typer.Option(help="Default: the configured region.")] = None,
) -> None:
    """Print each check. The exit code is 1 if one does not hold, or if AWS refuses a request."""
    failed = 0
    try:
        for check in checks(boto3.Session(region_name=region), stack):
            mark, style = ("✓", "green") if check.holds else ("✗", "bold red")
            seen = f" ({check.seen})" if check.seen and not check.holds else ""
            console.print(f"{mark} {check.text}{seen}", style=style, markup=False, highlight=False)
            failed += not check.holds
    except AWS_ERRORS as error:
        typer.echo(f"verify-aws: AWS refused, so the other checks were not made: {error}", err=True)
        failed += 1
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    typer.run(main)
