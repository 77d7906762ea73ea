"""A deployed stack, as its user, Segment and a script see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.sandbox.segment import encode, sign
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from tools.deploy_test.place import Place

Event = dict[str, Any]


class Stack:
    """One stack of the emulated account. `secret`: what Segment signs with."""

    def __init__(self, place: Place, name: str, secret: str) -> None:
        self.place = place
        self.name = name
        self.secret = secret

    @property
    def status(self) -> str:
        """CloudFormation's word for it; empty where there is no such stack."""
        return str((self._described() or {}).get("StackStatus", ""))

    def output(self, key: str) -> str:
        """An output of the stack."""
        outputs = (self._described() or {}).get("Outputs", [])
        return {each["OutputKey"]: str(each["OutputValue"]) for each in outputs}[key]

    def _described(self) -> dict[str, Any] | None:
        client = self.place.client("cloudformation")
        for page in client.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if stack["StackName"] == self.name:
                    return dict(stack)
        return None

    def resources(self) -> list[dict[str, Any]]:
        """Its resources, as ListStackResources gives them."""
        client = self.place.client("cloudformation")
        found: list[dict[str, Any]] = client.list_stack_resources(StackName=self.name)[
            "StackResourceSummaries"
        ]
        return found

    def live(self, function: str) -> dict[str, Any]:
        """The configuration that is behind the alias `live` of a function, by its logical id."""
        (name,) = (
            each["PhysicalResourceId"]
            for each in self.resources()
            if each["LogicalResourceId"] == function
        )
        found: dict[str, Any] = self.place.client("lambda").get_function_configuration(
            FunctionName=name, Qualifier="live"
        )
        return found

    def metrics(self) -> set[tuple[str, ...]]:
        """What its alarms look at: each a namespace, a metric's name and its dimensions."""
        client = self.place.client("cloudwatch")
        names = [
            each["PhysicalResourceId"]
            for each in self.resources()
            if each["ResourceType"] == "AWS::CloudWatch::Alarm"
        ]
        found = set()
        for alarm in client.describe_alarms(AlarmNames=names)["MetricAlarms"]:
            parts = [each.get("MetricStat") for each in alarm.get("Metrics", [])]
            for metric in [each["Metric"] for each in parts if each] or [alarm]:
                dimensions = [f"{each['Name']}={each['Value']}" for each in metric["Dimensions"]]
                found.add((metric["Namespace"], metric["MetricName"], *sorted(dimensions)))
        return found

    def send(
        self, *events: Event, secret: str | None = None, **headers: str
    ) -> tuple[int, list[str]]:
        """Send events as Segment does, several as a batch: the status, each event's outcome."""
        encoded = [encode(event) for event in events]
        body = encoded[0] if len(events) == 1 else b"[" + b",".join(encoded) + b"]"
        reply = self.place.request(
            "POST",
            self.output("WebhookUrl"),
            body=body,
            headers=headers
            | {
                "content-type": "application/json",
                "x-signature": sign(secret or self.secret, encoded[0]),
            },
        )
        try:
            answered = json.loads(reply.data)
        except ValueError:
            answered = {}
        return reply.status, [each["outcome"] for each in answered.get("events", [])]

    def waiting(self, queue: str = "DeadLetterQueueUrl") -> int:
        """How many messages lie in a queue, by its output, seen or in flight."""
        return depth(self.place, self.output(queue))

    def put_secrets(self) -> None:
        """`secrets put`, as a script does: each through standard input."""
        secrets = {
            "rehook/api-key": API_KEY,
            "rehook/api-secret": API_SECRET,
            "segment/shared-secrets": self.secret,
        }
        for name, value in secrets.items():
            self.place.run(
                "segment-rehook", "secrets", "put", "--stack", self.name, name, given=f"{value}\n"
            )


def depth(place: Place, url: str) -> int:
    """How many messages lie in a queue, seen or in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(value) for value in found["Attributes"].values())


def rewards(place: Place, customer: str) -> int:
    """How many rewards a customer got at Rehook."""
    return sum(
        each["count"] for each in place.rehook.rehook.rewards() if each["source_id"] == customer
    )


def track(customer: str, message: str) -> Event:
    """An event that the default subscription rewards; Rehook sees its message id as its name."""
    return {"type": "track", "event": message, "userId": customer, "messageId": message}
