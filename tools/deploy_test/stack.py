"""A stack in the emulator: what its user can see of it, and what Segment can send to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from segment_rehook.aws.parameters import SecretName
from tools.deploy_test.testbed import TIMEOUT_SECONDS, expect
from tools.sandbox.segment import Segment, encode
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.deploy_test.testbed import Testbed

Payload = dict[str, Any]


class EmulatedStack:
    """One stack of the emulated account. `secret`: the shared secret with which Segment signs."""

    def __init__(self, testbed: Testbed, name: str, secret: str) -> None:
        self.testbed = testbed
        self.name = name
        self.secret = secret

    @property
    def status(self) -> str:
        """Its status in CloudFormation; empty if there is no such stack."""
        return str(self._described().get("StackStatus", ""))

    def outputs(self, *keys: str) -> dict[str, str]:
        """Give its outputs with these keys, or all."""
        found = self._described().get("Outputs", [])
        outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found}
        return {key: outputs[key] for key in keys} if keys else outputs

    def output(self, key: str) -> str:
        """Give one of its outputs."""
        return self.outputs(key)[key]

    def _described(self) -> dict[str, Any]:
        stacks = self.testbed.client("cloudformation").describe_stacks()["Stacks"]
        return next((dict(each) for each in stacks if each["StackName"] == self.name), {})

    def resources(self, kind: str) -> dict[str, str]:
        """Give its resources of one type: their physical ids by their logical ids."""
        client = self.testbed.client("cloudformation")
        found = client.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found
            if each["ResourceType"] == kind
        }

    def live(self) -> dict[str, dict[str, Any]]:
        """Give the configuration behind the alias `live` of each function, by its logical id."""
        client = self.testbed.client("lambda")
        return {
            logical: client.get_function_configuration(FunctionName=name, Qualifier="live")
            for logical, name in self.resources("AWS::Lambda::Function").items()
        }

    def variables(self, name: str) -> set[str]:
        """Give the values that an environment variable has behind the aliases."""
        return {each["Environment"]["Variables"][name] for each in self.live().values()}

    def metrics(self) -> Iterator[tuple[str, ...]]:
        """Give the metrics of its alarms: each a namespace, a name and the dimensions."""
        names = list(self.resources("AWS::CloudWatch::Alarm").values())
        found = self.testbed.client("cloudwatch").describe_alarms(AlarmNames=names)
        for alarm in found["MetricAlarms"]:
            parts = [each.get("MetricStat") for each in alarm.get("Metrics", [])]
            for metric in [each["Metric"] for each in parts if each] or [alarm]:
                dimensions = [f"{each['Name']}={each['Value']}" for each in metric["Dimensions"]]
                yield metric["Namespace"], metric["MetricName"], *sorted(dimensions)

    def send(
        self, *events: Payload, secret: str | None = None, **headers: str
    ) -> tuple[int, list[str]]:
        """Send events as Segment does, several as a batch. Gives the status and the outcomes."""
        url = self.testbed.local(self.output("WebhookUrl"))
        # Longer than Segment's own time-out: a busy machine may start a function slowly.
        segment = Segment(url, secret or self.secret, timeout=TIMEOUT_SECONDS)
        encoded = [encode(event) for event in events]
        body = encoded[0] if len(events) == 1 else b"[" + b",".join(encoded) + b"]"
        reply = segment.send_signed(body, encoded[0], headers)
        segment.close()
        return reply.status, [each["outcome"] for each in reply.body.get("events", [])]

    def deliver(self, *events: Payload) -> None:
        """Send events of one user until the answer is 200, and check that each is rewarded once.

        Functions read changed secrets within a minute. An event that comes during a cold start may
        be stored before it is delivered.
        """
        customer, testbed = str(events[0]["userId"]), self.testbed
        wanted = testbed.rewards(customer) + len(events)
        ids = " and ".join(str(event["messageId"]) for event in events)
        testbed.wait(lambda: self.send(*events)[0] == HTTPStatus.OK, f"{ids} to be accepted")
        testbed.wait(lambda: testbed.rewards(customer) >= wanted, f"{ids} at Rehook")
        expect(testbed.rewards(customer), wanted, f"rewards of {customer}")

    def waiting(self, queue: str = "DeadLetterQueueUrl") -> int:
        """Count the messages of a queue, visible or in flight, by the output with its URL."""
        return self.testbed.depth(self.output(queue))

    def queue_arn(self, key: str) -> str:
        """Give the ARN of a queue, by the output with its URL."""
        found = self.testbed.client("sqs").get_queue_attributes(
            QueueUrl=self.output(key), AttributeNames=["QueueArn"]
        )
        return str(found["Attributes"]["QueueArn"])

    def put_secret(self, name: str, value: str) -> None:
        """Run `secrets put` as a script does, with the value on standard input."""
        put = ("secrets", "put", "--stack", self.name, name)
        self.testbed.run("segment-rehook", *put, given=f"{value}\n")

    def put_secrets(self) -> None:
        """Put all secrets that the functions need."""
        self.put_secret(SecretName.API_KEY, API_KEY)
        self.put_secret(SecretName.API_SECRET, API_SECRET)
        self.put_secret(SecretName.SHARED_SECRETS, self.secret)


def track(customer: str, message: str) -> Payload:
    """Give an event that the default subscription rewards. Its name is its message id."""
    return {"type": "track", "event": message, "userId": customer, "messageId": message}
