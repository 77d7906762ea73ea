"""The later steps: a second stack, a deleted stack that is created again, a failed create."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.deploy_test.place import Failed, expect
from tools.deploy_test.stack import track
from tools.sandbox.listener import LOOPBACK

if TYPE_CHECKING:
    from tools.deploy_test.run import Run

OWN = ("DeadLetterQueueUrl", "ParkingLotUrl", "LedgerTable", "WebhookUrl")


def second(run: Run) -> None:
    """A second stack has its own queues, table, secrets, metrics and alarms."""
    run.place.edit("samconfig.toml", "LogLevel=DEBUG", f'LogLevel=DEBUG", "{run.rehook_parameter}')
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


def delete(run: Run) -> None:
    """`sam delete` takes the stack, and leaves its queues, its table and what is in them."""
    # A message that is being tried as the stack goes would be hidden for six minutes.
    (source,) = run.stack.resources("AWS::Lambda::EventSourceMapping").values()
    run.place.client("lambda").update_event_source_mapping(UUID=source, Enabled=False)
    run.place.rehook.set_online(online=False)
    expect(run.stack.send(track("u8", "m12")), (200, ["stored"]), "an event of an outage")
    run.left_behind = run.stack.outputs(*OWN)
    run.delete(run.stack)
    run.place.rehook.set_online(online=True)
    expect(run.stack.status, "", f"the stack {run.stack.name}")
    expect(run.place.depth(run.left_behind["DeadLetterQueueUrl"]), 1, "dead letters kept")
    expect(tables(run, run.stack.name), [run.left_behind["LedgerTable"]], "tables kept")
    expect(run.place.request("POST", run.left_behind["WebhookUrl"]), 404, "the old webhook")
    run.second.deliver(track("u7", "m13"))


def same_name(run: Run) -> None:
    """The same name can be deployed again, and takes over what waits in the old queue."""
    run.deploy()
    expect(run.stack.status, "CREATE_COMPLETE", f"the stack {run.stack.name}")
    shared = run.stack.outputs().items() & run.left_behind.items()
    expect(shared, set(), "outputs of the deleted stack")
    run.stack.deliver(track("u9", "m14"))
    old = run.left_behind["DeadLetterQueueUrl"]
    redrive = ("parked", "redrive", "--stack", run.stack.name, "--from-queue", old, "--yes")
    run.place.run("segment-rehook", *redrive)
    run.place.wait(lambda: run.place.rewards("u8") == 1, "the old queue's event at Rehook")
    expect(run.place.depth(old), 0, "dead letters in the old queue")


def failed_create(run: Run) -> None:
    """A first create that fails takes its queues and its table with it."""
    run.place.client("logs").create_log_group(logGroupName=in_the_way(run))
    try:
        deploy_broken(run)
    except Failed:
        pass
    else:
        raise Failed("the deploy did not fail, though a log group of that name is there")
    found = run.place.client("sqs").list_queues(QueueNamePrefix=f"{run.broken.name}-")
    expect(found.get("QueueUrls", []), [], "queues left behind")
    expect(tables(run, run.broken.name), [], "tables left behind")


def retry(run: Run) -> None:
    """After what made it fail is mended, the same create succeeds."""
    run.place.client("logs").delete_log_group(logGroupName=in_the_way(run))
    run.delete(run.broken)
    deploy_broken(run)
    run.broken.put_secrets()
    run.broken.deliver(track("u10", "m15"))


def loopback_only(run: Run) -> None:
    """Nothing of all this listens on any other address than 127.0.0.1."""
    expect(run.place.listening(), {LOOPBACK}, "addresses that are listened on")


def tables(run: Run, stack: str) -> list[str]:
    """The tables that a stack of that name made."""
    names = run.place.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(f"{stack}-Ledger-")]


def in_the_way(run: Run) -> str:
    """The name of a log group that the stack is to make, after its queues and its table."""
    return f"/segment-rehook/{run.broken.name}/redrive"


def deploy_broken(run: Run) -> None:
    """Deploy beside the stacks of samconfig.toml."""
    name, parameter = run.broken.name, run.rehook_parameter
    run.deploy("--stack-name", name, "--parameter-overrides", parameter)


STEPS = (second, delete, same_name, failed_create, retry, loopback_only)
