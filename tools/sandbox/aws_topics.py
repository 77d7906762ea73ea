"""SNS's description of the template's topics. A subscription is pending until it is confirmed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.aws_answers import Refused, XmlMap, page
from tools.sandbox.intrinsics import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.aws_stacks import StackRecord

NAMESPACE: Final = "http://sns.amazonaws.com/doc/2010-03-31/"
MAX_SUBSCRIPTIONS: Final = 100


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """An endpoint, such as an address, whose subscriptions are confirmed from now on."""

    endpoint: str


class AwsTopics:
    """The operations by their names."""

    def __init__(self) -> None:
        self._topics: dict[str, list[tuple[str, str]]] = {}
        self._confirmed: set[str] = set()
        self.operations: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
            "GetTopicAttributes": self._attributes,
            "ListSubscriptionsByTopic": self._list,
        }

    def record(self, stack: StackRecord) -> None:
        """Have the topics of this stack."""
        self._topics = stack.topics

    def confirm(self, confirmation: Confirmation) -> None:
        """Confirm the subscriptions of an endpoint. Raises ValueError if there are none."""
        known = {endpoint for each in self._topics.values() for _, endpoint in each}
        if confirmation.endpoint not in known:
            raise ValueError(f"no such endpoint; there are {', '.join(known) or 'none'}")
        self._confirmed.add(confirmation.endpoint)

    def _of(self, form: dict[str, str]) -> tuple[str, list[tuple[str, str]]]:
        topic = form.get("TopicArn", "")
        if not topic.startswith("arn:"):
            raise Refused("InvalidParameter", "Invalid parameter: TopicArn")
        if topic not in self._topics:
            raise Refused("NotFound", "Topic does not exist", HTTPStatus.NOT_FOUND)
        return topic, self._topics[topic]

    def _attributes(self, form: dict[str, str]) -> dict[str, Any]:
        topic, subscriptions = self._of(form)
        confirmed = sum(endpoint in self._confirmed for _, endpoint in subscriptions)
        return {
            "Attributes": XmlMap(
                TopicArn=topic,
                Owner=ACCOUNT,
                DisplayName="",
                SubscriptionsConfirmed=confirmed,
                SubscriptionsPending=len(subscriptions) - confirmed,
                SubscriptionsDeleted=0,
            )
        }

    def _list(self, form: dict[str, str]) -> dict[str, Any]:
        topic, subscriptions = self._of(form)
        every = [
            {
                "TopicArn": topic,
                "Protocol": protocol,
                "SubscriptionArn": f"{topic}:00000000-0000-4000-8000-{number:012}"
                if endpoint in self._confirmed
                else "PendingConfirmation",
                "Owner": ACCOUNT,
                "Endpoint": endpoint,
            }
            for number, (protocol, endpoint) in enumerate(subscriptions)
        ]
        wrong = Refused("InvalidParameter", "Invalid parameter: NextToken")
        shown, token = page(every, MAX_SUBSCRIPTIONS, form.get("NextToken"), wrong)
        return {"Subscriptions": shown, **({"NextToken": token} if token else {})}
