"""What every function process asked of AWS and Rehook, request by request, and what came back.

Each request is named by its *step* in the delivery protocol, read from the request itself:

    read secrets  the stack's parameters are read        read marks  the users' marks are read
    claim         a delivery's record is claimed         call        Rehook is called
    settle delivered, settle queued, settle parked,      mark        users are marked as waiting
    settle released: a claim is settled                  unmark      a user's mark is cleared
    send          messages go to the dead-letter queue   park        a message is parked
    hide          messages are hidden for a while        breaker     the breaker's record is written
    shared claim, shared settle: several deliveries are claimed or settled in one request

A shared request has one entry for each of its deliveries, named `claim` or `settle …` as usual.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.faults.relay import RelayedAnswer, RelayedRequest

DELIVERY = "delivery#"
USER = "user#"
PARKING_LOT = "parking-lot"
SUCCESSES = range(200, 300)
# DynamoDB's words for a condition that does not hold; the second is of an INSERT statement.
REFUSALS = ("ConditionalCheckFailed", "DuplicateItem")
STATEMENT_FAILED = 400
"""The status of a statement that failed within a shared request that was answered 200."""

# One match for each placeholder of a PartiQL statement, with the attribute that it is for.
_PLACEHOLDER = re.compile(r"""(?:["']?(\w+)["']?\s*(?::|=|<>|[<>]=?)\s*)?\?""")


class Write(NamedTuple):
    """What one request does to one record, or to several of other kinds than deliveries.

    `keys`: the deliveries, effects or users. `nonce`: the one that is written, empty if none is.
    """

    step: str
    keys: tuple[str, ...] = ()
    nonce: str = ""


class Classified(NamedTuple):
    """A request's step, and what it writes. `shared`: each write has a result of its own."""

    step: str
    writes: tuple[Write, ...]
    shared: bool = False


@dataclass(slots=True)
class TraceEntry:
    """One request, or one delivery's part of a shared request.

    `pid`: None where the process was gone, or had closed the connection, before it could be found.
    `keys` and `nonce`: as in `Write`. `status`: of the answer, None where there was none.
    `refused`: a condition did not hold. `killed`: the process was killed at this request, so it saw
    no answer. `shared`: the answer has a result of its own for this entry. Times are monotonic.
    """

    step: str
    keys: tuple[str, ...]
    nonce: str
    pid: int | None
    function: str
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    status: int | None = None
    refused: bool = False
    killed: bool = False
    shared: bool = False

    def __str__(self) -> str:
        end = "killed" if self.killed else self.status
        took = "" if self.ended is None else f" in {self.ended - self.began:.2f} s"
        return f"{self.began:.2f} {self.pid} {self.step}: {end}{took}"

    @property
    def succeeded(self) -> bool:
        """Whether the request succeeded, and its process could see the answer."""
        return self.status in SUCCESSES and not self.killed


class Trace:
    """All entries, in the order in which they began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[TraceEntry] = []
        self._open: list[TraceEntry] = []
        self.shared: dict[str, list[int]] = {"shared claim": [], "shared settle": []}
        """How many deliveries each shared request had, by its step."""

    def begin(self, *entries: TraceEntry) -> None:
        """Add the entries of a request."""
        with self._lock:
            self._entries += entries

    def end(self, entries: list[TraceEntry], answer: RelayedAnswer) -> None:
        """Record the answer to the request that has these entries."""
        ended = time.monotonic()
        for entry, (status, refused) in zip(entries, _results(entries, answer), strict=True):
            entry.ended, entry.status, entry.refused = ended, status, refused
        with self._lock:
            for entry in entries:
                if entry.step == "claim" and not entry.refused:
                    self._open.append(entry)
                elif entry.step.startswith("settle") and entry.status in SUCCESSES:
                    self._open = [claim for claim in self._open if claim.keys != entry.keys]

    def open_claims(self) -> list[TraceEntry]:
        """The claims that may have been written, and whose delivery was not settled since."""
        with self._lock:
            return list(self._open)

    def all(self) -> list[TraceEntry]:
        """Every entry so far."""
        with self._lock:
            return list(self._entries)

    def of(self, *steps: str) -> Iterator[TraceEntry]:
        """The entries of these steps."""
        return (entry for entry in self.all() if entry.step in steps)


def _results(entries: list[TraceEntry], answer: RelayedAnswer) -> list[tuple[int | None, bool]]:
    """The status of each entry, and whether its condition was refused."""
    if not entries[0].shared or answer.status not in SUCCESSES:
        refused = any(code.encode() in answer.body for code in REFUSALS)
        return [(answer.status, refused)] * len(entries)
    codes = [each.get("Error", {}).get("Code") for each in json.loads(answer.body)["Responses"]]
    return [(STATEMENT_FAILED if code else answer.status, code in REFUSALS) for code in codes]


def classify(request: RelayedRequest) -> Classified:
    """Read a request's step, and what it writes."""
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    body: dict[str, Any] = json.loads(request.body) if request.body else {}
    if target == "BatchExecuteStatement":
        writes = tuple(_statement(each) for each in body["Statements"])
        all_claim = {each.step for each in writes} == {"claim"}
        return Classified("shared claim" if all_claim else "shared settle", writes, shared=True)
    write = _write(target, body, request.method)
    return Classified(write.step, (write,))


def _write(target: str, body: dict[str, Any], method: str) -> Write:
    match target:
        case "":
            return Write("call" if method == "POST" else "check-auth", _called(body))
        case "PutItem":
            return _put(body["Item"])
        case "BatchWriteItem":
            [requests] = body["RequestItems"].values()
            users = (_user(each["PutRequest"]["Item"]["id"]["S"]) for each in requests)
            return Write("mark", tuple(users))
        case "BatchGetItem":
            return Write("read marks")
        case "UpdateItem":
            nonce = body["ExpressionAttributeValues"][":nonce"]["S"]
            return Write("claim", (body["Key"]["id"]["S"].removeprefix(DELIVERY),), nonce)
        case "DeleteItem":
            return Write("unmark", (_user(body["Key"]["id"]["S"]),))
        case "SendMessageBatch":
            attributes = (each.get("MessageAttributes", {}) for each in body["Entries"])
            keys = tuple(each["delivery"]["StringValue"] for each in attributes)
            return Write("park" if PARKING_LOT in body["QueueUrl"] else "send", keys)
        case "ChangeMessageVisibilityBatch":
            return Write("hide")
        case "GetParametersByPath":
            return Write("read secrets")
        case other:
            return Write(other)


def _put(item: dict[str, Any]) -> Write:
    key, nonce = item["id"]["S"], item.get("nonce", {}).get("S", "")
    if key.startswith(USER):
        return Write("mark", (_user(key),))
    if not key.startswith(DELIVERY):
        return Write("breaker", nonce=nonce)
    state = item["state"]["S"]
    step = "claim" if state == "claimed" else f"settle {state}"
    return Write(step, (key.removeprefix(DELIVERY),), nonce)


def _statement(statement: dict[str, Any]) -> Write:
    """Read a PartiQL statement as the item that it puts: the first value that an attribute gets.

    What an attribute is compared with, such as the old nonce, comes after what it is set to.
    """
    if statement["Statement"].startswith("DELETE"):
        return Write("unmark", (_user(statement["Parameters"][0]["S"]),))
    names = (found[1] for found in _PLACEHOLDER.finditer(statement["Statement"]))
    item: dict[str, Any] = {}
    for name, value in zip(names, statement["Parameters"], strict=True):
        item.setdefault(name, value)
    return _put(item)


def _called(body: dict[str, Any]) -> tuple[str, ...]:
    """The reward or the upsert that a call is for: the load gives each a name of its own."""
    metadata = body.get("metadata") or {}
    return (str(body.get("event_name") or metadata.get("n")),)


def _user(key: str) -> str:
    return key.removeprefix(USER)
