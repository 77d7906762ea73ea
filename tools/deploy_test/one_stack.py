"""The first steps: one stack is deployed, delivers, survives an outage of Rehook, and is changed.

The docstring of a step is the line that is printed. A step raises an error if it does not hold.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import SecretName
from tools.deploy_test.stack import track
from tools.deploy_test.testbed import expect
from tools.sandbox.faults import Fault, Kind
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.deploy_test.run import DeployRun

MANY = 30
"""Users of one batch: more than the deliveries that share one call of the table."""


def build(run: DeployRun) -> None:
    """`sam build` makes the functions and the layers."""
    run.testbed.run("sam", "build")


def guided(run: DeployRun) -> None:
    """`sam deploy --guided`, with Enter at every prompt but Rehook's address, makes the stack."""
    address = {"Parameter RehookUrl": run.testbed.rehook.url}
    run.testbed.answer("sam", "deploy", "--guided", answers=address)
    expect(run.stack.status, "CREATE_COMPLETE", f"the stack {run.stack.name}")


def without_secrets(run: DeployRun) -> None:
    """Without secrets the webhook answers 503; the health check answers 200."""
    expect(run.testbed.request("GET", run.stack.output("HealthUrl")), 200, "the health check")
    expect(run.stack.send(track("u0", "early"))[0], 503, "an event without secrets")


def put_secrets(run: DeployRun) -> None:
    """`secrets put` asks for three secrets; an event signed with the third is delivered."""
    answers = {"another": "", "API key": API_KEY, "API secret": API_SECRET}
    answers["shared secrets"] = run.stack.secret
    put = ("secrets", "put", "--stack", run.stack.name)
    run.testbed.answer("segment-rehook", *put, answers=answers)
    run.stack.deliver(track("u1", "m1"))


def deliver(run: DeployRun) -> None:
    """A duplicate gives no second reward; a wrong signature is refused; a batch is delivered."""
    expect(run.stack.send(track("u1", "m1")), (200, ["duplicate"]), "the same event again")
    expect(run.testbed.rewards("u1"), 1, "rewards")
    wrong = secrets.token_hex(32)
    expect(run.stack.send(track("u1", "m2"), secret=wrong)[0], 401, "a wrong signature")
    run.stack.deliver(track("u2", "m3"), track("u2", "m4"))


def permissions(run: DeployRun) -> None:
    """A function can do what its role's policy allows, and without the policy nothing."""
    with ingest_policy(run, None):
        expect(run.stack.send(track("u1", "m5"))[0], 503, "an event without the policy")
    run.stack.deliver(track("u1", "m5"))


def several_users(run: DeployRun) -> None:
    """The claims and settlements of a batch's users share calls, which the policy allows."""
    before, after = (
        [track(f"{name}-{number}", f"{name}-{number}") for number in range(MANY)]
        for name in ("before", "after")
    )
    with ingest_policy(run, "dynamodb:PartiQLInsert"):
        refused = run.stack.send(*before)
    expect(refused, (200, ["stored"] * MANY), "a batch without PartiQLInsert")
    run.testbed.wait(lambda: run.stack.waiting() == 0, "an empty queue")
    expect(run.stack.send(*after), (200, ["delivered"] * MANY), "a batch with the whole policy")
    counts = {
        str(each["userId"]): run.testbed.rewards(str(each["userId"])) for each in before + after
    }
    expect([user for user, count in counts.items() if count != 1], [], "users without one reward")
    expect(run.stack.send(*after), (200, ["duplicate"] * MANY), "the second batch again")


def outage(run: DeployRun) -> None:
    """While Rehook can't be reached, events are answered 200 and stored."""
    run.testbed.rehook.set_online(online=False)
    for name in ("outage-0", "outage-1", "outage-2"):
        expect(run.stack.send(track("u3", name)), (200, ["stored"]), name)
    expect(run.stack.waiting(), 3, "dead letters")


def changed_parameter(run: DeployRun) -> None:
    """A parameter changed in samconfig.toml goes live with `sam deploy`, in both functions."""
    before = {name: each["Version"] for name, each in run.stack.live().items()}
    run.stack.put_secret(SecretName.TOKENS, f"Authorization: {run.token}")
    run.set_parameter("BatchToken", "optional", "required")
    run.set_parameter("UnknownPolicy", "retry", "park")
    run.deploy()
    expect(run.stack.variables("UNKNOWN_POLICY"), {"park"}, "UNKNOWN_POLICY, live")
    same = [name for name, each in run.stack.live().items() if each["Version"] == before[name]]
    expect(same, [], "functions without a new version")
    batch = track("u3", "m6"), track("u3", "m7")
    expect(run.stack.send(*batch)[0], 401, "a batch without a token, which is required now")
    authorised = run.stack.send(*batch, authorization=run.token)
    expect(authorised, (200, ["stored"] * 2), "a batch with the token")


def recovery(run: DeployRun) -> None:
    """When Rehook is back, what was stored is delivered once each, in order, by redrive."""
    run.testbed.rehook.set_online(online=True)
    run.testbed.wait(lambda: run.stack.waiting() == 0, "an empty queue")
    expect(run.testbed.delivered("u3"), ["outage-0", "outage-1", "outage-2", "m6", "m7"], "events")


def parked(run: DeployRun) -> None:
    """What Rehook refuses is parked and listed; `failures redrive` and SQS's redrive deliver it."""
    for customer in ("u4", "u5"):
        match = {"customer": customer}
        refusal = Fault(kind=Kind.ANSWER, status=400, times=None, match=match)
        run.testbed.rehook.faults.order(refusal)
        expect(run.stack.send(track(customer, f"refused-{customer}"))[0], 200, "a refused event")
    run.testbed.wait(lambda: run.stack.waiting("ParkingLotUrl") == 2, "two parked events")  # noqa: PLR2004 — as many were sent
    run.testbed.rehook.faults.clear()
    of_stack = ("--stack", run.stack.name)
    rows = run.testbed.run("segment-rehook", "failures", "list", *of_stack, "--json").splitlines()
    expect([json.loads(row)["reason"] for row in rows[1:]], ["rejected"] * 2, "reasons")
    chosen = ("--delivery", "refused-u4:track-event", "--yes")
    run.testbed.run("segment-rehook", "failures", "redrive", *of_stack, *chosen)
    run.testbed.wait(lambda: run.testbed.rewards("u4") == 1, "the first one")
    run.testbed.client("sqs").start_message_move_task(
        SourceArn=run.stack.queue_arn("ParkingLotUrl"),
        DestinationArn=run.stack.queue_arn("DeadLetterQueueUrl"),
    )
    run.testbed.wait(lambda: run.testbed.rewards("u5") == 1, "the second one")
    expect(run.stack.waiting("ParkingLotUrl"), 0, "parked events")


def changed_mapping(run: DeployRun) -> None:
    """A changed destination.json goes live with `sam build` and `sam deploy`."""
    mapping = "layers/destination/destination.json"
    run.testbed.edit(mapping, r'"event_name": \{', '"event_name": "renamed", "unused": {')
    run.testbed.run("segment-rehook", "validate", mapping)
    run.testbed.run("sam", "build")
    run.deploy()
    run.stack.deliver(track("u6", "m9"))
    expect(run.testbed.delivered("u6"), ["renamed"], "the event's name at Rehook")


@contextlib.contextmanager
def ingest_policy(run: DeployRun, without: str | None) -> Iterator[None]:
    """Take an action from ingest's policy, and give it back in the end. None: take all actions."""
    iam, role = run.testbed.client("iam"), run.stack.resources("AWS::IAM::Role")["IngestRole"]
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
    if without is None:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    else:
        expect(whole.count(f'"{without}"'), 1, f"{without} in the policy")
        changed = whole.replace(without, "sts:GetCallerIdentity")
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=changed)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=whole)


STEPS = (
    build,
    guided,
    without_secrets,
    put_secrets,
    deliver,
    permissions,
    several_users,
    outage,
    changed_parameter,
    recovery,
    parked,
    changed_mapping,
)
