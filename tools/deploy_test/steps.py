"""The steps, in order: what a user does, and what must come of it.

Each raises Failed, or AssertionError, where it does not. A step's title is its docstring.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tools.deploy_test.place import Failed
from tools.deploy_test.stack import Event, Stack, depth, rewards, track
from tools.sandbox.faults import Fault, Kind
from tools.sandbox.listener import LOOPBACK
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.deploy_test.place import Place

CONFIRMED = {"Deploy this changeset": "y"}


def expect(found: object, wanted: object, what: str) -> None:
    """Raise Failed where something is not what it must be."""
    if found != wanted:
        raise Failed(f"{what}: {found!r}, and it must be {wanted!r}")


class Steps:
    """One run. `stack` has the name that the README's second step uses."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.stack = Stack(place, "segment-rehook", secrets.token_hex(32))
        self.second = Stack(place, "segment-rehook-dev", secrets.token_hex(32))
        self.broken = Stack(place, "segment-rehook-broken", secrets.token_hex(32))
        self.token = secrets.token_hex(32)
        self.left_behind: dict[str, str] = {}
        self._rehook = f"RehookUrl={place.rehook.url}"

    def all(self) -> list[Callable[[], None]]:
        """The steps in their order."""
        return [
            self.build,
            self.guided,
            self.before_secrets,
            self.put_secrets,
            self.deliver,
            self.permissions,
            self.outage,
            self.changed_parameter,
            self.recovery,
            self.parked,
            self.changed_mapping,
            self.second_stack,
            self.delete,
            self.same_name_again,
            self.failed_create,
            self.retry,
            self.loopback_only,
        ]

    def build(self) -> None:
        """`sam build` makes the functions and the layers."""
        self.place.run("sam", "build")

    def guided(self) -> None:
        """`sam deploy --guided`, with Enter at every prompt but Rehook's address, makes the stack."""
        answers = {"Parameter RehookUrl": self.place.rehook.url, **CONFIRMED}
        self.place.answer("sam", "deploy", "--guided", answers=answers)
        expect(self.stack.status, "CREATE_COMPLETE", f"the stack {self.stack.name}")

    def before_secrets(self) -> None:
        """Without secrets the webhook answers 503; the health check answers 200."""
        expect(self.stack.send(track("u0", "early"))[0], 503, "an event without secrets")
        health = self.place.request("GET", self.stack.output("HealthUrl"))
        expect(health.status, 200, "the health check")

    def put_secrets(self) -> None:
        """`secrets put` asks for three secrets, and an event signed with one of them is delivered."""
        answers = {"another": "", "API key": API_KEY, "API secret": API_SECRET}
        answers["shared secrets"] = self.stack.secret
        self.place.answer(
            "segment-rehook", "secrets", "put", "--stack", self.stack.name, answers=answers
        )
        self._delivers(self.stack, track("u1", "m1"))

    def deliver(self) -> None:
        """A duplicate gives no second reward; a wrong signature is refused; a batch is delivered."""
        expect(self.stack.send(track("u1", "m1")), (200, ["duplicate"]), "the same event again")
        expect(rewards(self.place, "u1"), 1, "rewards")
        wrong = secrets.token_hex(32)
        expect(self.stack.send(track("u1", "m2"), secret=wrong)[0], 401, "a wrong signature")
        self._delivers(self.stack, track("u2", "m3"), track("u2", "m4"))

    def permissions(self) -> None:
        """A function can do what its role's policy allows, and without the policy nothing."""
        iam, role = self.place.client("iam"), self._physical(self.stack, "IngestRole")
        (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
        expect(self.stack.send(track("u1", "m5"))[0], 503, "an event without the policy")
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
        self._delivers(self.stack, track("u1", "m5"))

    def outage(self) -> None:
        """While Rehook can't be reached, events are answered 200 and stored."""
        self.place.rehook.set_online(online=False)
        for number in range(3):
            event = track("u3", f"outage-{number}")
            expect(self.stack.send(event), (200, ["stored"]), f"event {number} of the outage")
        expect(self.stack.waiting(), 3, "dead letters")

    def changed_parameter(self) -> None:
        """A parameter changed in samconfig.toml goes live with `sam deploy`, in both functions."""
        before = {name: self.stack.live(name)["Version"] for name in FUNCTIONS}
        self._put_token()
        self._set_parameter("BatchToken", "optional", "required")
        self._set_parameter("UnknownPolicy", "retry", "park")
        self.place.answer("sam", "deploy", answers=CONFIRMED)
        for name in FUNCTIONS:
            live = self.stack.live(name)
            variables = live["Environment"]["Variables"]
            expect(variables["UNKNOWN_POLICY"], "park", f"UNKNOWN_POLICY of {name}, live")
            expect(live["Version"] != before[name], True, f"a new version of {name}")
        batch = track("u3", "m6"), track("u3", "m7")
        expect(self.stack.send(*batch)[0], 401, "a batch without a token, which is required now")
        authorised = self.stack.send(*batch, authorization=self.token)
        expect(authorised, (200, ["stored"] * 2), "a batch with the token")

    def recovery(self) -> None:
        """When Rehook is back, what was stored is delivered once each, in order, by redrive."""
        self.place.rehook.set_online(online=True)
        self.place.wait(lambda: self.stack.waiting() == 0, "an empty queue")
        expect(self._delivered_names("u3"), ["outage-0", "outage-1", "outage-2", "m6", "m7"], "u3")

    def parked(self) -> None:
        """What Rehook refuses is parked, `parked list` shows it, and `parked redrive` delivers it."""
        refusal = Fault(kind=Kind.ANSWER, status=400, times=None, match={"customer": "u4"})
        self.place.rehook.faults.order(refusal)
        expect(self.stack.send(track("u4", "m8"))[0], 200, "a refused event")
        self.place.wait(lambda: self.stack.waiting("ParkingLotUrl") == 1, "a parked event")
        self.place.rehook.faults.clear()
        of_stack = ("--stack", self.stack.name)
        listed = self.place.run("segment-rehook", "parked", "list", *of_stack, "--json")
        expect(
            [json.loads(line)["reason"] for line in listed.splitlines()], ["rejected"], "reasons"
        )
        self.place.answer("segment-rehook", "parked", "redrive", *of_stack, answers={"?": "y"})
        self.place.wait(lambda: rewards(self.place, "u4") == 1, "the parked event")
        expect(self.stack.waiting("ParkingLotUrl"), 0, "parked events")

    def changed_mapping(self) -> None:
        """A changed destination.json goes live with `sam build` and `sam deploy`."""
        path = self.place.folder / "layers/destination/destination.json"
        mapping = json.loads(path.read_text(encoding="utf-8"))
        mapping["subscriptions"][1]["settings"]["event_name"] = "renamed"
        path.write_text(json.dumps(mapping), encoding="utf-8")
        self.place.run("segment-rehook", "validate", str(path))
        self.place.run("sam", "build")
        self.place.answer("sam", "deploy", answers=CONFIRMED)
        self._delivers(self.stack, track("u5", "m9"))
        expect(self._delivered_names("u5"), ["renamed"], "the event's name at Rehook")

    def second_stack(self) -> None:
        """A second stack has its own queues, table, secrets, metrics and alarms."""
        self._edit("samconfig.toml", "LogLevel=DEBUG", f'LogLevel=DEBUG", "{self._rehook}')
        self.place.answer("sam", "deploy", "--config-env", "dev", answers=CONFIRMED)
        self.second.put_secrets()
        self._delivers(self.second, track("u6", "m10"))
        signed = self.second.send(track("u6", "m11"), secret=self.stack.secret)
        expect(signed[0], 401, "the first stack's signature")
        expect(self.stack.metrics() & self.second.metrics(), set(), "alarms on the same metrics")
        for key in ("DeadLetterQueueUrl", "ParkingLotUrl", "LedgerTable", "SecretsPath"):
            expect(self.stack.output(key) != self.second.output(key), True, f"an own {key}")
        namespaces = {
            each.live(name)["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
            for each in (self.stack, self.second)
            for name in FUNCTIONS
        }
        expect(len(namespaces), 2, "metrics namespaces")

    def delete(self) -> None:
        """`sam delete` takes the stack, and leaves its queues, table and their content."""
        self.place.rehook.set_online(online=False)
        expect(self.stack.send(track("u7", "m12")), (200, ["stored"]), "an event of an outage")
        for key in ("DeadLetterQueueUrl", "ParkingLotUrl", "LedgerTable", "WebhookUrl"):
            self.left_behind[key] = self.stack.output(key)
        self.place.answer("sam", "delete", "--stack-name", self.stack.name, answers={"?": "y"})
        self.place.rehook.set_online(online=True)
        expect(self.stack.status, "", f"the stack {self.stack.name}")
        expect(depth(self.place, self.left_behind["DeadLetterQueueUrl"]), 1, "dead letters kept")
        self._table(self.left_behind["LedgerTable"])
        gone = self.place.request("POST", self.left_behind["WebhookUrl"], body=b"{}")
        expect(gone.status, 404, "the old webhook")
        self._delivers(self.second, track("u6", "m13"))

    def same_name_again(self) -> None:
        """The same name can be deployed again, and takes over what waits in the old queue."""
        self.place.answer("sam", "deploy", answers=CONFIRMED)
        expect(self.stack.status, "CREATE_COMPLETE", f"the stack {self.stack.name}")
        for key, old in self.left_behind.items():
            expect(self.stack.output(key) != old, True, f"a new {key}")
        self.stack.put_secrets()
        self._delivers(self.stack, track("u8", "m14"))
        self.place.wait(self._sent_on, "the old queue's event to be sent on")
        self.place.wait(lambda: rewards(self.place, "u7") == 1, "the old queue's event")

    def failed_create(self) -> None:
        """A first create that fails takes its queues and table with it."""
        logs, queues = self.place.client("logs"), self._queues(self.broken)
        logs.create_log_group(logGroupName=self._blocking_log())
        try:
            self._deploy_broken()
        except Failed:
            pass
        else:
            raise Failed("the deploy did not fail, though a log group of that name is there")
        expect(self._queues(self.broken), queues, "queues left behind")
        expect(self._tables(self.broken), [], "tables left behind")

    def retry(self) -> None:
        """After what made it fail is mended, the same create succeeds."""
        self.place.client("logs").delete_log_group(logGroupName=self._blocking_log())
        self.place.answer("sam", "delete", "--stack-name", self.broken.name, answers={"?": "y"})
        self._deploy_broken()
        expect(self.broken.status, "CREATE_COMPLETE", f"the stack {self.broken.name}")
        self.broken.put_secrets()
        self._delivers(self.broken, track("u9", "m15"))

    def loopback_only(self) -> None:
        """Nothing of all this listens on any other address than 127.0.0.1."""
        expect(self.place.listening(), {LOOPBACK}, "addresses that are listened on")

    # --- what several steps do ---

    def _delivers(self, stack: Stack, *events: Event) -> None:
        """Send events of one user until they are taken, and see each of them rewarded once.

        Changed secrets are read within a minute; an event that meets a function's cold start may
        be stored first.
        """
        customer = str(events[0]["userId"])
        wanted = rewards(self.place, customer) + len(events)
        ids = " and ".join(str(event["messageId"]) for event in events)
        self.place.wait(lambda: stack.send(*events)[0] == HTTPStatus.OK, f"{ids} to be taken")
        self.place.wait(lambda: rewards(self.place, customer) >= wanted, f"{ids} at Rehook")
        expect(rewards(self.place, customer), wanted, f"rewards of {customer}")

    def _sent_on(self) -> bool:
        """Send what the deleted stack left to the new one; what is in back-off is not seen yet."""
        old = self.left_behind["DeadLetterQueueUrl"]
        with contextlib.suppress(Failed):
            self.place.run(
                "segment-rehook",
                "parked",
                "redrive",
                "--stack",
                self.stack.name,
                "--from-queue",
                old,
                "--yes",
            )
        return depth(self.place, old) == 0

    def _physical(self, stack: Stack, logical: str) -> str:
        return next(
            str(each["PhysicalResourceId"])
            for each in stack.resources()
            if each["LogicalResourceId"] == logical
        )

    def _set_parameter(self, name: str, old: str, new: str) -> None:
        """Change a parameter's value where `sam deploy --guided` wrote it."""
        quote = r'(\\?"|)'
        self._edit("samconfig.toml", rf"{name}={quote}{old}\1", rf"{name}=\g<1>{new}\g<1>")

    def _edit(self, name: str, pattern: str, new: str) -> None:
        path = self.place.folder / name
        text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"))
        if count != 1:
            raise Failed(f"{name} holds {pattern} {count} times")
        path.write_text(text, encoding="utf-8")

    def _delivered_names(self, customer: str) -> list[str | None]:
        """The names of a customer's events in the order in which Rehook took them."""
        calls = self.place.rehook.calls
        return [each.event_name for each in calls if each.acted and each.source_id == customer]

    def _put_token(self) -> None:
        self.place.run(
            "segment-rehook",
            "secrets",
            "put",
            "--stack",
            self.stack.name,
            "segment/tokens",
            given=f"Authorization: {self.token}\n",
        )

    def _table(self, name: str) -> dict[str, Any]:
        return dict(self.place.client("dynamodb").describe_table(TableName=name)["Table"])

    def _queues(self, stack: Stack) -> list[str]:
        found = self.place.client("sqs").list_queues(QueueNamePrefix=f"{stack.name}-")
        return list(found.get("QueueUrls", []))

    def _tables(self, stack: Stack) -> list[str]:
        names = self.place.client("dynamodb").list_tables()["TableNames"]
        return [name for name in names if name.startswith(f"{stack.name}-")]

    def _blocking_log(self) -> str:
        return f"/segment-rehook/{self.broken.name}/redrive"

    def _deploy_broken(self) -> None:
        self.place.answer(
            "sam",
            "deploy",
            "--stack-name",
            self.broken.name,
            "--parameter-overrides",
            self._rehook,
            answers=CONFIRMED,
        )


FUNCTIONS = ("IngestFunction", "RedriveFunction")
