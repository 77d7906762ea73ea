"""All checks of a deployed stack, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tools.verify_aws import functions, log_queries, metrics, stores, version_reports
from tools.verify_aws.alarms import alarms
from tools.verify_aws.dashboard import dashboard
from tools.verify_aws.doctor import doctor
from tools.verify_aws.fifo_queue import fifo_queue
from tools.verify_aws.live_alias import live_alias
from tools.verify_aws.secrets import read_secrets
from tools.verify_aws.stack import DeployedStack, read_stack
from tools.verify_aws.webhook import webhook_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.delivery.ports import Clock
    from segment_rehook_cli.stack.stack import Stack
    from tools.verify_aws.check import Check


def stack_checks(stack: Stack, clock: Clock) -> Iterator[Check]:
    """Make all checks of a stack. Raises what boto3 raises for what they can't do without."""
    deployed = read_stack(stack.client("cloudformation"), stack.name)
    secrets, readable = read_secrets(stack.client("ssm"), stack.secrets_path)
    yield readable
    shared = secrets.shared_secrets if secrets else ()
    sent = clock.now()
    yield from webhook_checks(stack.output("WebhookUrl"), shared[0] if shared else None)
    yield from _of_functions(stack, deployed)
    yield from _of_stores(stack, deployed)
    yield from _of_logs(stack, deployed, clock)
    yield from _of_metrics(stack, deployed, clock, sent if shared else None)
    yield from doctor(stack)


def _of_functions(stack: Stack, deployed: DeployedStack) -> Iterator[Check]:
    client, sqs = stack.client("lambda"), stack.client("sqs")
    yield from live_alias(client, deployed)
    for name in deployed.with_alias():
        yield from version_reports.live_report(client, name, deployed.physical[name])
    if "PreTrafficFunction" in deployed.physical:
        yield version_reports.pre_traffic(client, deployed.physical["PreTrafficFunction"])
    queue = sqs.get_queue_attributes(
        QueueUrl=stack.dead_letter_queue_url, AttributeNames=["QueueArn"]
    )
    redrive = deployed.physical["RedriveFunction"]
    yield from functions.event_source(client, redrive, queue["Attributes"]["QueueArn"])
    for role in deployed.of_kind("AWS::IAM::Role"):
        yield from functions.permissions(stack.client("iam"), deployed.physical[role])


def _of_stores(stack: Stack, deployed: DeployedStack) -> Iterator[Check]:
    sqs, redrive = stack.client("sqs"), deployed.physical["RedriveFunction"]
    timeout = stack.client("lambda").get_function_configuration(FunctionName=redrive)["Timeout"]
    yield from stores.queues(sqs, stack.dead_letter_queue_url, stack.parking_lot_url, timeout)
    yield from stores.table(stack.client("dynamodb"), stack.output("LedgerTable"))
    yield from fifo_queue(sqs)


def _of_logs(stack: Stack, deployed: DeployedStack, clock: Clock) -> Iterator[Check]:
    client = stack.client("logs")
    saved = deployed.of_kind("AWS::Logs::QueryDefinition")
    ids = [deployed.physical[each] for each in saved]
    yield from log_queries.saved_queries(client, stack.name, ids, clock)
    yield from log_queries.command_line_queries(client, stack, clock)
    yield from log_queries.filter_patterns(client, stack, clock)


def _of_metrics(
    stack: Stack, deployed: DeployedStack, clock: Clock, sent: float | None
) -> Iterator[Check]:
    """Check metrics, dashboard and alarms. `sent`: when the event was sent; None if it was not."""
    client: Any = stack.client("cloudwatch")
    if sent is not None:
        expected = metrics.of_webhook_checks(stack.name)
        yield from metrics.have_values(client, expected, sent, clock)
    yield metrics.dimensions(client, stack.name)
    now = datetime.fromtimestamp(clock.now(), UTC)
    # With the parameter Dashboard=off there is none.
    for each in deployed.of_kind("AWS::CloudWatch::Dashboard"):
        yield from dashboard(client, deployed.physical[each], now)
    names = [deployed.physical[each] for each in deployed.of_kind("AWS::CloudWatch::Alarm")]
    yield from alarms(client, names, now)
