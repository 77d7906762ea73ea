"""A deployed stack, as seen by its user, by Segment and by a script."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tools.deploy_test.place import TIMEOUT_SECONDS, expect
from tools.sandbox.segment import Segment, encode
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.deploy_test.place import Place

Event = dict[str, Any]


class Stack:
    """One stack of the emulated account. `secret`: the secret of Segment's signatures."""

    def __init__(self, place: Place, name: str, secret: str) -> None:
        self.place = place
        self.name = name
        self.secret = secret

    @property
    def status(self) -> str:
        """The status in CloudFormation; empty if there is no such stack."""
        return str(self._described().get("StackStatus", ""))

    def outputs(self, *keys: str) -> dict[str, str]:
        """Return the outputs with these keys, or all outputs."""
        found = self._described().get("Outputs", [])
        outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found}
        return {key: outputs[key] for key in keys} if keys else outputs

    def output(self, key: str) -> str:
        """Return one output."""
        return self.outputs(key)[key]

    def _described(self) -> dict[str, Any]:
        stacks = self.place.client("cloudformation").describe_stacks()["Stacks"]
        return next((dict(each) for each in stacks if each["StackName"] == self.name), {})

    def resources(self, kind: str) -> dict[str, str]:
        """Return the resources of one type: the physical ids by the logical ids."""
        client = self.place.client("cloudformation")
        found = client.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found
            if each["ResourceType"] == kind
        }

    def live(self) -> dict[str, dict[str, Any]]:
        """Return the configuration of each function's alias `live`, by the logical id."""
        client = self.place.client("lambda")
        return {
            logical: client.get_function_configuration(FunctionName=name, Qualifier="live")
            for logical, name in self.resources("AWS::Lambda::Function").items()
        }

    def variables(self, name: str) -> set[str]:
        """Return the values of an environment variable in the functions' aliases."""
        return {each["Environment"]["Variables"][name] for each in self.live().values()}

    def metrics(self) -> Iterator[tuple[str, ...]]:
        """Yield the alarms' metrics: each a namespace, a name and dimensions."""
        names = list(self.resources("AWS::CloudWatch::Alarm").values())
        found = self.place.client("cloudwatch").describe_alarms(AlarmNames=names)
        for alarm in found["MetricAlarms"]:
            parts = [each.get("MetricStat") for each in alarm.get("Metrics", [])]
            for metric in [each["Metric"] for each in parts if each] or [alarm]:
                dimensions = [f"{each['Name']}={each['Value']}" for each in metric["Dimensions"]]
                yield metric["Namespace"], metric["MetricName"], *sorted(dimensions)

    def send(
        self, *events: Event, secret: str | None = None, **headers: str
    ) -> tuple[int, list[str]]:
        """Send events as Segment does, several as a batch; return the status and the outcomes."""
        url = self.place.local(self.output("WebhookUrl"))
        # Longer than Segment's own time-out, because a busy machine starts functions slowly.
        segment = Segment(url, secret or self.secret, timeout=TIMEOUT_SECONDS)
        encoded = [encode(event) for event in events]
        body = encoded[0] if len(events) == 1 else b"[" + b",".join(encoded) + b"]"
        reply = segment.send_signed(body, encoded[0], headers)
        segment.close()
        return reply.status, [each["outcome"] for each in reply.body.get("events", [])]

    def deliver(self, *events: Event) -> None:
        """Send events of one user until they are accepted, and check that each is rewarded once.

        Changed secrets are read within a minute. An event may be stored first if a function has a
        cold start.
        """
        customer, place = str(events[0]["userId"]), self.place
        wanted = place.rewards(customer) + len(events)
        ids = " and ".join(str(event["messageId"]) for event in events)
        place.wait(lambda: self.send(*events)[0] == HTTPStatus.OK, f"{ids} to be taken")
        place.wait(lambda: place.rewards(customer) >= wanted, f"{ids} at Rehook")
        expect(place.rewards(customer), wanted, f"rewards of {customer}")

    def waiting(self, queue: str = "DeadLetterQueueUrl") -> int:
        """Return how many messages are in a queue (by its output), visible or in flight."""
        return self.place.depth(self.output(queue))

    def queue_arn(self, key: str) -> str:
        """Return the ARN of a queue, by the output that holds its URL."""
        found = self.place.client("sqs").get_queue_attributes(
            QueueUrl=self.output(key), AttributeNames=["QueueArn"]
        )
        return str(found["Attributes"]["QueueArn"])

    def put_secret(self, name: str, value: str) -> None:
        """Run `secrets put` with the value on standard input, as a script does."""
        put = ("secrets", "put", "--stack", self.name, name)
        self.place.run("segment-rehook", *put, given=f"{value}\n")

    def put_secrets(self) -> None:
        """Put all secrets that the functions need."""
        self.put_secret("rehook/api-key", API_KEY)
        self.put_secret("rehook/api-secret", API_SECRET)
        self.put_secret("segment/shared-secrets", self.secret)


def track(customer: str, message: str) -> Event:
    """Return an event that the default subscription rewards; its name is its message id."""
    return {"type": "track", "event": message, "userId": customer, "messageId": message}
