"""The later steps: a second stack, a deleted stack that is created again, a failed create."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.deploy_test.stack import track
from tools.deploy_test.testbed import StepFailed, expect
from tools.sandbox.listener import LOOPBACK

if TYPE_CHECKING:
    from tools.deploy_test.run import DeployRun

OWN = ("DeadLetterQueueUrl", "ParkingLotUrl", "LedgerTable", "WebhookUrl")


def second(run: DeployRun) -> None:
    """A second stack has its own queues, table, secrets, metrics and alarms."""
    run.testbed.edit(
        "samconfig.toml", "LogLevel=DEBUG", f'LogLevel=DEBUG", "{run.rehook_parameter}'
    )
    run.deploy("--config-env", "dev")
    run.second.put_secrets()
    run.second.deliver(track("u7", "m10"))
    signed = run.second.send(track("u7", "m11"), secret=run.stack.secret)
    expect(signed[0], 401, "an event with the first stack's signature")
    shared = set(run.stack.metrics()) & set(run.second.metrics())
    expect(shared, set(), "metrics that alarms of both look at")
    space = "POWERTOOLS_METRICS_NAMESPACE"
    expect(run.stack.variables(space) & run.second.variables(space), set(), "shared namespaces")
    expect(run.stack.outputs().items() & run.second.outputs().items(), set(), "shared outputs")


def delete(run: DeployRun) -> None:
    """`sam delete` deletes the stack, and keeps its queues and its table with their contents."""
    # A message that is in flight when the stack is deleted would stay hidden for six minutes.
    (source,) = run.stack.resources("AWS::Lambda::EventSourceMapping").values()
    run.testbed.client("lambda").update_event_source_mapping(UUID=source, Enabled=False)
    run.testbed.rehook.set_online(online=False)
    expect(run.stack.send(track("u8", "m12")), (200, ["stored"]), "an event of an outage")
    run.left_behind = run.stack.outputs(*OWN)
    run.delete(run.stack)
    run.testbed.rehook.set_online(online=True)
    expect(run.stack.status, "", f"the stack {run.stack.name}")
    expect(run.testbed.depth(run.left_behind["DeadLetterQueueUrl"]), 1, "dead letters kept")
    expect(tables(run, run.stack.name), [run.left_behind["LedgerTable"]], "tables kept")
    expect(run.testbed.request("POST", run.left_behind["WebhookUrl"]), 404, "the old webhook")
    run.second.deliver(track("u7", "m13"))


def same_name(run: DeployRun) -> None:
    """A stack of the same name can be deployed again, and can take over the old messages."""
    run.deploy()
    expect(run.stack.status, "CREATE_COMPLETE", f"the stack {run.stack.name}")
    shared = run.stack.outputs().items() & run.left_behind.items()
    expect(shared, set(), "outputs of the deleted stack")
    run.stack.deliver(track("u9", "m14"))
    old = run.left_behind["DeadLetterQueueUrl"]
    redrive = ("failures", "redrive", "--stack", run.stack.name, "--from-queue", old, "--yes")
    run.testbed.run("segment-rehook", *redrive)
    run.testbed.wait(lambda: run.testbed.rewards("u8") == 1, "the old queue's event at Rehook")
    expect(run.testbed.depth(old), 0, "dead letters in the old queue")


def failed_create(run: DeployRun) -> None:
    """A create that fails deletes the queues and the table that it has made."""
    run.testbed.client("logs").create_log_group(logGroupName=blocking_log_group(run))
    try:
        deploy_broken(run)
    except StepFailed:
        pass
    else:
        raise StepFailed("the deploy did not fail, though a log group of that name is there")
    found = run.testbed.client("sqs").list_queues(QueueNamePrefix=f"{run.broken.name}-")
    expect(found.get("QueueUrls", []), [], "queues left behind")
    expect(tables(run, run.broken.name), [], "tables left behind")


def retry(run: DeployRun) -> None:
    """When the cause of the failure is gone, the same create succeeds."""
    run.testbed.client("logs").delete_log_group(logGroupName=blocking_log_group(run))
    run.delete(run.broken)
    deploy_broken(run)
    run.broken.put_secrets()
    run.broken.deliver(track("u10", "m15"))


def loopback_only(run: DeployRun) -> None:
    """Emulator, functions and Rehook listen on 127.0.0.1 and on no other address."""
    expect(run.testbed.listening(), {LOOPBACK}, "addresses that are listened on")


def tables(run: DeployRun, stack: str) -> list[str]:
    """Give the tables that stacks of that name have created."""
    names = run.testbed.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(f"{stack}-Ledger-")]


def blocking_log_group(run: DeployRun) -> str:
    """Give the name of a log group that the stack creates after its queues and its table."""
    return f"/segment-rehook/{run.broken.name}/redrive"


def deploy_broken(run: DeployRun) -> None:
    """Deploy a stack that samconfig.toml does not name."""
    name, parameter = run.broken.name, run.rehook_parameter
    run.deploy("--stack-name", name, "--parameter-overrides", parameter)


STEPS = (second, delete, same_name, failed_create, retry, loopback_only)
