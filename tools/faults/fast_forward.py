"""Time passes: what would take minutes in the stack is moved forward, where that is honest.

- Messages in back-off become receivable (the sandbox's ``hasten``); SQS may do that at any time.
- A lease ends early, but only one whose holder is gone: killed, or at the end of its invocation.
- The breaker's pause, and a dead prober's, end early.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from tools.faults.interruptions import Interruptions
    from tools.faults.journal import Journal, Step
    from tools.sandbox.logs import LogLine
    from tools.sandbox.sandbox import Sandbox

QUEUE = "DeadLetterQueue"
PAUSE = 2.0
"""Seconds from one step of time to the next: a message may be received 1,000 times in its life."""


class InvocationEnds:
    """When each process last came to the end of an invocation, from the sandbox's log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[int, float] = {}

    def watch(self, line: LogLine) -> None:
        """To be given to the sandbox as ``watch_log``."""
        if line.text.startswith("REPORT "):
            with self._lock:
                self._ends[line.process] = time.monotonic()

    def since(self, process: int, moment: float) -> bool:
        """Whether an invocation that was under way then has ended."""
        with self._lock:
            return self._ends.get(process, moment) > moment


class FastForward:
    """A thread that moves time forward every two seconds."""

    def __init__(
        self, box: Sandbox, journal: Journal, interruptions: Interruptions, ends: InvocationEnds
    ) -> None:
        self._box, self._journal, self._interruptions, self._ends = (
            box,
            journal,
            interruptions,
            ends,
        )
        self._over = threading.Event()
        [table] = box.stack.tables.values()
        self._table = table.name
        self._aged: set[str] = set()
        self.leases = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Let time go its own way again."""
        self._over.set()
        self._thread.join()

    def step(self) -> None:
        """One step of time."""
        for claim in self._journal.open_claims():
            key = f"delivery#{claim.keys[0]}"
            if claim.nonce not in self._aged and self._gone(claim):
                self._aged.add(claim.nonce)
                self.leases += self._age(key, claim.nonce, "SET lease = :past")
        breaker = self._breaker()
        if breaker is not None:
            until = max(float(breaker[name]["N"]) for name in ("open_until", "probing_until"))
            if until > time.time():
                change = "SET open_until = :past, probing_until = :past"
                self._age(breaker["id"]["S"], breaker["nonce"]["S"], change)
        self._box.queue(QUEUE).hasten()

    def _breaker(self) -> dict[str, Any] | None:
        key: Any = {"id": {"S": "breaker#rehook"}}
        answer = self._box.dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return dict(answer["Item"]) if "Item" in answer else None

    def _run(self) -> None:
        while not self._over.wait(PAUSE):
            # The table may be made to fail for everyone: then time stands still for a moment.
            with contextlib.suppress(BotoCoreError, ClientError):
                self.step()

    def _gone(self, claim: Step) -> bool:
        pid, began = claim.pid, claim.began
        if pid is None:
            return True
        return self._interruptions.killed.get(pid, began) > began or self._ends.since(pid, began)

    def _age(self, key: str, nonce: str, change: str) -> bool:
        """Change an item if it still is the one with that nonce."""
        try:
            self._box.dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": key}},
                UpdateExpression=change,
                ConditionExpression="nonce = :nonce",
                # Not 0: that would say that the breaker is closed.
                ExpressionAttributeValues={":past": {"N": "1"}, ":nonce": {"S": nonce}},
            )
        except self._box.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
