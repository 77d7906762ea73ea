"""Shortens what would take minutes in the stack, where that changes no result.

- Hidden messages become visible (the sandbox's `hasten`); SQS may do that at any time.
- A lease ends early, if its holder was killed or its invocation is over.
- The pause of the open breaker ends early, and so does a probe's.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from tools.faults.interruptions import Interruptions
    from tools.faults.trace import Trace, TraceEntry
    from tools.sandbox.logs import LogLine
    from tools.sandbox.sandbox import Sandbox

QUEUE = "DeadLetterQueue"
STEP_SECONDS = 2.0
"""From one step to the next. SQS allows 1,000 receives of a message, so it can't be much less."""


class InvocationEnds:
    """When each process last ended an invocation, from the sandbox's log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[int, float] = {}

    def watch(self, line: LogLine) -> None:
        """Look at a line of the log: the sandbox calls this as its `watch_log`."""
        if line.text.startswith("REPORT "):
            with self._lock:
                self._ends[line.process] = time.monotonic()

    def since(self, process: int, moment: float) -> bool:
        """Whether the process has ended an invocation after `moment` (monotonic)."""
        with self._lock:
            return self._ends.get(process, moment) > moment


class FastForward:
    """A thread that shortens the waits every two seconds. `leases`: how many it has ended."""

    def __init__(
        self, sandbox: Sandbox, trace: Trace, interruptions: Interruptions, ends: InvocationEnds
    ) -> None:
        self._sandbox, self._trace, self._interruptions, self._ends = (
            sandbox,
            trace,
            interruptions,
            ends,
        )
        self._stopped = threading.Event()
        [table] = sandbox.stack.tables.values()
        self._table = table.name
        self._ended: set[str] = set()
        self.leases = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._stopped.set()
        self._thread.join()

    def step(self) -> None:
        """End the waits that may end now."""
        for claim in self._trace.open_claims():
            key = f"delivery#{claim.keys[0]}"
            if claim.nonce not in self._ended and self._gone(claim):
                self._ended.add(claim.nonce)
                self.leases += self._change(key, claim.nonce, "SET lease = :past")
        breaker = self._breaker()
        if breaker is not None:
            until = max(float(breaker[name]["N"]) for name in ("open_until", "probing_until"))
            if until > time.time():
                change = "SET open_until = :past, probing_until = :past"
                self._change(breaker["id"]["S"], breaker["nonce"]["S"], change)
        self._sandbox.queue(QUEUE).hasten()

    def _breaker(self) -> dict[str, Any] | None:
        key: Any = {"id": {"S": "breaker#rehook"}}
        answer = self._sandbox.dynamodb.get_item(
            TableName=self._table, Key=key, ConsistentRead=True
        )
        return dict(answer["Item"]) if "Item" in answer else None

    def _run(self) -> None:
        while not self._stopped.wait(STEP_SECONDS):
            # A scenario may make the table fail for everyone: then this step is left out.
            with contextlib.suppress(BotoCoreError, ClientError):
                self.step()

    def _gone(self, claim: TraceEntry) -> bool:
        pid, began = claim.pid, claim.began
        if pid is None:
            return True
        return self._interruptions.killed.get(pid, began) > began or self._ends.since(pid, began)

    def _change(self, key: str, nonce: str, change: str) -> bool:
        """Change an item if it still has that nonce. True if it was changed."""
        try:
            self._sandbox.dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": key}},
                UpdateExpression=change,
                ConditionExpression="nonce = :nonce",
                # Not 0, which would mean that the breaker is closed.
                ExpressionAttributeValues={":past": {"N": "1"}, ":nonce": {"S": nonce}},
            )
        except self._sandbox.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
