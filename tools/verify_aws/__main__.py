"""``python -m tools.verify_aws --stack NAME``: every check, against the account that is signed in.

Needs leave to read the stack, to simulate policies, to read its shared secret, and to make and
delete a queue of its own. Sends one event that no subscription asks for; delivers nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from rich.console import Console

from tools.verify_aws import fifo, functions, stores
from tools.verify_aws.webhook import webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.verify_aws.check import Check

console = Console()


def checks(session: boto3.Session, stack: str) -> Iterator[Check]:
    """All checks of a stack, one after the other."""
    formation = session.client("cloudformation")
    [described] = formation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    physical = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    parameters = session.client("ssm").get_parameters_by_path(
        Path=outputs["SecretsPath"], Recursive=True, WithDecryption=True
    )["Parameters"]
    secrets = {each["Name"].rpartition("/")[2]: each["Value"] for each in parameters}
    shared = secrets.get("shared-secrets", "").split()
    yield from webhook(outputs["WebhookUrl"], shared[0] if shared else None)

    sqs, lambdas = session.client("sqs"), session.client("lambda")
    redrive = physical["RedriveFunction"]
    timeout = lambdas.get_function_configuration(FunctionName=redrive)["Timeout"]
    waiting = outputs["DeadLetterQueueUrl"]
    yield from stores.queues(sqs, waiting, outputs["ParkingLotUrl"], timeout)
    yield from stores.table(session.client("dynamodb"), outputs["LedgerTable"])
    yield from fifo.probe(sqs)

    queue = sqs.get_queue_attributes(QueueUrl=waiting, AttributeNames=["QueueArn"])
    yield from functions.event_source(lambdas, redrive, queue["Attributes"]["QueueArn"])
    for role in ("IngestRole", "RedriveRole"):
        yield from functions.permissions(session.client("iam"), physical[role])
    names = [
        each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::CloudWatch::Alarm"
    ]
    yield from functions.alarms(session.client("cloudwatch"), names)


def main(
    stack: Annotated[str, typer.Option(help="Name of the deployed stack.")],
    region: Annotated[str | None, typer.Option(help="Else the session's own.")] = None,
) -> None:
    """Print what holds and what does not; 1 if anything does not."""
    failed = 0
    for check in checks(boto3.Session(region_name=region), stack):
        mark, style = ("✓", "green") if check.holds else ("✗", "bold red")
        seen = f" ({check.seen})" if check.seen and not check.holds else ""
        console.print(f"{mark} {check.text}{seen}", style=style, markup=False, highlight=False)
        failed += not check.holds
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    typer.run(main)
