"""The processes of the stand-in servers, and the clients of their control APIs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tools.sandbox.control import ControlClient
from tools.sandbox.faults import Fault, Kind
from tools.sandbox.rehook import Behaviour, ReceivedCall

if TYPE_CHECKING:
    from tools.sandbox.aws_alarms import State
    from tools.sandbox.aws_stacks import StackRecord
    from tools.sandbox.processes import ProcessGroup

CHECKOUT = Path(__file__).parents[2]
API_KEY = "sandbox-api-key"
USER_KEY = "sandbox-user-key-that-is-long-enough"
API_SECRET = "sandbox-api-secret"  # noqa: S105 — the fake Rehook's, no secret


class ServiceBroken(Exception):
    """A stand-in server does not start."""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message in a queue. ``visible_in``: seconds until it is visible, 0 if it is.

    ``age``: seconds since it entered the queue.
    """

    id: str
    body: str
    attributes: dict[str, str]
    group: str | None
    dedupe: str | None
    received: int
    visible_in: float
    age: float = 0.0


class RehookControl(ControlClient):
    """Reads what the fake Rehook did, and orders its faults and its behaviour."""

    def __init__(self, url: str, control: str) -> None:
        super().__init__(control)
        self.api_url = url

    def calls(self, since: int = 0) -> list[ReceivedCall]:
        """Return every call after the ``since``-th, in the order of arrival."""
        return msgspec.convert(self.call("GET", "/calls", since=since), list[ReceivedCall])

    def customers(self) -> dict[str, dict[str, Any]]:
        """Return its customers by ``source_id``."""
        return {each["source_id"]: each for each in self.call("GET", "/customers")}

    def rewards(self) -> dict[tuple[str, str], int]:
        """Return the number of rewards by ``source_id`` and event name."""
        return {
            (each["source_id"], each["event_name"]): each["count"]
            for each in self.call("GET", "/rewards")
        }

    def switch(self, *, on: bool) -> None:
        """Switch it off (connections are refused) or on again."""
        self.call("POST", "/online", on)

    def limit(self, per_second: float | None) -> None:
        """Answer more than so many calls a second with 429; None removes the limit."""
        self.call("POST", "/rate-limit", per_second)

    def behave(self, **changes: Any) -> None:
        """Set its Behaviour to the sandbox's default with these changes."""
        behaviour = Behaviour(**{"api_key": API_KEY, "api_secret": API_SECRET, **changes})
        self.call("POST", "/behaviour", behaviour)

    def answer(self, status: int, body: str = "", *, times: int | None = 1, **match: str) -> int:
        """Order an answer for the next calls that match."""
        fault = Fault(kind=Kind.ANSWER, status=status, body=body, times=times, match=match)
        return self.fault(fault)


class AwsControl(ControlClient):
    """Reads the AWS server's calls and queues, and orders its faults."""

    def __init__(self, url: str, control: str) -> None:
        super().__init__(control)
        self.api_url = url

    def operations(self, caller: str) -> dict[str, int]:
        """Return how often a function (by logical id) called each ``service:Operation``."""
        return {
            f"{each['service']}:{each['operation']}": each["count"]
            for each in self.call("GET", "/calls")
            if each["caller"] == caller
        }

    def record(self, stack: StackRecord) -> None:
        """Make CloudFormation describe a stack."""
        self.call("POST", "/stack", stack)

    def alarm(self, name: str, state: State, reason: str = "") -> None:
        """Set the state of an alarm, by its name."""
        self.call("POST", "/alarm", {"name": name, "state": state, "reason": reason})

    def confirm(self, endpoint: str) -> None:
        """Confirm the subscriptions of an endpoint, such as the address for alarms."""
        self.call("POST", "/confirm", {"endpoint": endpoint})

    def messages(self, queue_name: str) -> list[QueuedMessage]:
        """Return the messages in a queue, in order, without receiving them."""
        found = self.call("POST", "/messages", {"queue": queue_name})
        return msgspec.convert(found, list[QueuedMessage])

    def empty(self, queue_name: str) -> None:
        """Delete a queue's messages."""
        self.call("POST", "/empty", {"queue": queue_name})

    def hasten(self, queue_name: str, finished: dict[str, int] | None) -> int:
        """Show the hidden messages that no consumer processes (``FifoQueue.hasten``)."""
        return int(self.call("POST", "/hasten", {"queue": queue_name, "finished": finished}))


def start_rehook(group: ProcessGroup) -> RehookControl:
    """Start a fake Rehook."""
    behaviour = msgspec.json.encode(Behaviour(api_key=API_KEY, api_secret=API_SECRET)).decode()
    return RehookControl(**_start(group, "tools.sandbox.rehook_server", behaviour))


def start_aws(group: ProcessGroup) -> AwsControl:
    """Start an AWS server."""
    return AwsControl(**_start(group, "tools.sandbox.aws_server"))


def _start(group: ProcessGroup, module: str, *arguments: str) -> dict[str, str]:
    process = group.start(
        [sys.executable, "-m", module, *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101 — it was opened as a pipe
    with process.stdout as output:
        line = output.readline()
    if not line:
        raise ServiceBroken(f"{module} ended at its start, with status {process.wait()}")
    addresses: dict[str, str] = json.loads(line)
    return addresses
