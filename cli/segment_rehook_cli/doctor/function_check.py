"""Whether the functions run: their live versions, and the event source of redrive.

Permissions: lambda:GetAlias, lambda:GetFunctionConfiguration, lambda:ListEventSourceMappings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.stack.deployed import ALIAS

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_event_source", "check_functions"]

FUNCTIONS: Final = {"ingest": "IngestFunction", "redrive": "RedriveFunction"}


def check_functions(subject: Subject) -> Iterator[CheckResult]:
    """Look at the version behind each function's alias, and whether it can be called."""
    client: LambdaClient = subject.client("lambda")
    for service, logical_id in FUNCTIONS.items():
        name = subject.resource(logical_id)
        try:
            alias = client.get_alias(FunctionName=name, Name=ALIAS)
        except client.exceptions.ResourceNotFoundException:
            yield finding(f"{service}: there is no alias {ALIAS}", subject.deploy())
            continue
        version = f"{service}: version {alias['FunctionVersion']} is live"
        other = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        for number, weight in other.items():
            version += f", and version {number} for {weight:.0%} of the calls"
        told = client.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
        state, update = told.get("State", "?"), told.get("LastUpdateStatus", "?")
        # Inactive: not called for weeks; the next call wakes it.
        if state in {"Active", "Inactive"} and update == "Successful":
            yield ok(f"{version}, {state.lower()}")
        else:
            why = told.get("StateReasonCode", "")
            yield finding(
                f"{version}; its state is {state}, its last update {update} {why}".rstrip(),
                subject.deploy(),
            )


def check_event_source(subject: Subject) -> Iterator[CheckResult]:
    """Look whether the dead-letter queue calls the redrive function."""
    client: LambdaClient = subject.client("lambda")
    queue = subject.queue(subject.stack.dead_letter_queue_url)["QueueArn"]
    pages = client.get_paginator("list_event_source_mappings").paginate(EventSourceArn=queue)
    found = [each for page in pages for each in page["EventSourceMappings"]]
    if not found:
        yield finding("nothing takes events from the dead-letter queue", subject.deploy())
    for each in found:
        state = each.get("State", "?")
        if state in {"Enabled", "Updating"}:
            yield ok(f"{state.lower()}: redrive takes events from the dead-letter queue")
        else:
            yield finding(
                f"{state.lower()}: what waits is not delivered",
                f"aws lambda update-event-source-mapping --region {subject.stack.region} "
                f"--uuid {each['UUID']} --enabled",
            )
