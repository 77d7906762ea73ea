"""What every function process asked of AWS and Rehook, call by call, and what came back.

A call is named by its *step* in the delivery protocol, read from the request itself:

    secrets   the stack's parameters are read            look     the users' marks are read
    claim     a delivery's record is claimed             call     Rehook is called
    settle delivered, settle queued, settle parked,      mark     users are marked as waiting
    settle released: the record is settled               unmark   a user's mark is cleared
    send      messages go to the dead-letter queue       park     a message goes to the parking lot
    hide      messages are hidden for a while            breaker  the breaker's record is written
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.faults.relay import Answered, Asked

DELIVERY = "delivery#"
USER = "user#"
PARKING_LOT = "parking-lot"
SUCCESSES = range(200, 300)


@dataclass(slots=True)
class Step:
    """One call. ``keys``: the deliveries, rewards or users that it is about.

    ``pid`` is None where the process was gone, or had given up, before it could be found.

    ``status``: the whole answer's, None where there was none; ``refused``: a condition did not
    hold; ``cut``: the process was killed at it, so it saw no answer. Times: monotonic seconds.
    """

    name: str
    pid: int | None
    function: str
    keys: tuple[str, ...]
    nonce: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    status: int | None = None
    refused: bool = False
    cut: bool = False

    def __str__(self) -> str:
        end = "cut" if self.cut else self.status
        took = "" if self.ended is None else f" in {self.ended - self.began:.2f} s"
        return f"{self.began:.2f} {self.pid} {self.name}: {end}{took}"

    @property
    def done(self) -> bool:
        """Whether it went well, and its process could know it."""
        return self.status in SUCCESSES and not self.cut


class Journal:
    """All steps, in the order in which they began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []
        self._open: list[Step] = []

    def begin(self, step: Step) -> None:
        """Keep a step."""
        with self._lock:
            self._steps.append(step)

    def end(self, step: Step, answered: Answered) -> None:
        """Note what came back."""
        step.ended = time.monotonic()
        step.status = answered.status
        step.refused = b"ConditionalCheckFailed" in answered.body
        with self._lock:
            if step.name == "claim" and not step.refused:
                self._open.append(step)
            elif step.name.startswith("settle") and step.status in SUCCESSES:
                self._open = [claim for claim in self._open if claim.keys != step.keys]

    def open_claims(self) -> list[Step]:
        """The claims that may have landed and whose delivery was not settled since."""
        with self._lock:
            return list(self._open)

    def all(self) -> list[Step]:
        """Every step so far."""
        with self._lock:
            return list(self._steps)

    def named(self, *names: str) -> Iterator[Step]:
        """The steps of these names."""
        return (step for step in self.all() if step.name in names)


def named(asked: Asked) -> tuple[str, tuple[str, ...], str]:
    """A request's step, what it is about, and the nonce that it writes, if it writes one."""
    target = asked.headers.get("x-amz-target")
    body: dict[str, Any] = json.loads(asked.body) if asked.body else {}
    if target is None:
        return ("call" if asked.method == "POST" else "check-auth"), _called(body), ""
    match target.rpartition(".")[2]:
        case "PutItem":
            return _put(body["Item"])
        case "BatchWriteItem":
            [requests] = body["RequestItems"].values()
            users = (_user(each["PutRequest"]["Item"]["id"]["S"]) for each in requests)
            return "mark", tuple(users), ""
        case "BatchGetItem":
            return "look", (), ""
        case "DeleteItem":
            return "unmark", (_user(body["Key"]["id"]["S"]),), ""
        case "SendMessageBatch":
            attributes = (each.get("MessageAttributes", {}) for each in body["Entries"])
            keys = tuple(each["delivery"]["StringValue"] for each in attributes)
            return ("park" if PARKING_LOT in body["QueueUrl"] else "send"), keys, ""
        case "ChangeMessageVisibilityBatch":
            return "hide", (), ""
        case "GetParametersByPath":
            return "secrets", (), ""
        case other:
            return other, (), ""


def _put(item: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    key, nonce = item["id"]["S"], item.get("nonce", {}).get("S", "")
    if key.startswith(USER):
        return "mark", (_user(key),), ""
    if not key.startswith(DELIVERY):
        return "breaker", (), nonce
    state = item["state"]["S"]
    name = "claim" if state == "claimed" else f"settle {state}"
    return name, (key.removeprefix(DELIVERY),), nonce


def _called(body: dict[str, Any]) -> tuple[str, ...]:
    """The reward or the upsert that a call is for: the load gives each its own name."""
    metadata = body.get("metadata") or {}
    return (str(body.get("event_name") or metadata.get("n")),)


def _user(key: str) -> str:
    return key.removeprefix(USER)
