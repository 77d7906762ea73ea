"""What goes wrong outside the functions, and when: a schedule drawn from the seed.

A *scenario* is a list of faults that the sandbox's stand-ins make for up to two seconds. Scenarios
follow each other with pauses between them, at Rehook and at AWS independently.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tools.faults.interruptions import FUNCTIONS
from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.faults.relay import Relay
    from tools.sandbox.control import ControlClient
    from tools.sandbox.services import AwsControl, RehookControl

POST = {"method": "POST"}
UNAUTHORIZED = '{"code": 401, "message": "Unauthorized"}'
THROTTLED = '{"__type": "ProvisionedThroughputExceededException", "message": "Ordered"}'


def _rehook(kind: Kind, share: float, **more: Any) -> Fault:
    return Fault(kind=kind, match=POST, times=None, probability=share, **more)


AT_REHOOK: dict[str, list[Fault]] = {
    "503": [_rehook(Kind.ANSWER, 0.6, status=503, headers={"retry-after": "1"})],
    "429": [_rehook(Kind.ANSWER, 0.6, status=429, headers={"retry-after": "1"})],
    "429 without Retry-After": [_rehook(Kind.ANSWER, 0.4, status=429)],
    "500 before acting": [_rehook(Kind.ANSWER, 0.4, status=500)],
    "502 after acting": [_rehook(Kind.ANSWER, 0.4, status=502, acted=True)],
    "reset before acting": [_rehook(Kind.RESET, 0.4)],
    "reset after acting": [_rehook(Kind.RESET, 0.4, acted=True)],
    "slow": [_rehook(Kind.DELAY, 0.5, seconds=0.7)],
    "time-out before acting": [_rehook(Kind.ANSWER, 0.3, status=503, seconds=2.5)],
    "time-out after acting": [_rehook(Kind.DELAY, 0.3, seconds=2.5, acted=True)],
    "garbage after acting": [_rehook(Kind.GARBAGE, 0.4, acted=True)],
    "answer cut off": [_rehook(Kind.TRUNCATE, 0.4)],
    "401 to some": [_rehook(Kind.ANSWER, 0.1, status=401, body=UNAUTHORIZED)],
    "key pair refused": [
        Fault(kind=Kind.ANSWER, status=401, body=UNAUTHORIZED, times=None),
    ],
    "out of reach": [],
}


def _aws(kind: Kind, share: float, operation: str | None, **more: Any) -> list[Fault]:
    """Give a fault for each function. `operation`: None for all operations of the table."""
    service = {"service": "dynamodb"} if operation is None else {"operation": operation}
    return [
        Fault(
            kind=kind,
            match={"caller": caller, **service},
            times=None,
            probability=share,
            **more,
        )
        for caller in FUNCTIONS
    ]


AT_AWS: dict[str, list[Fault]] = {
    "table: 500": _aws(Kind.ANSWER, 0.3, None),
    "table: 500 to all": _aws(Kind.ANSWER, 1.0, None),
    "table: throttled": _aws(Kind.ANSWER, 0.3, None, status=400, body=THROTTLED),
    "table: reset before acting": _aws(Kind.RESET, 0.2, None),
    "table: reset after acting": [
        *_aws(Kind.RESET, 0.3, "PutItem", acted=True),
        *_aws(Kind.RESET, 0.3, "UpdateItem", acted=True),
        *_aws(Kind.RESET, 0.3, "BatchExecuteStatement", acted=True),
    ],
    "table: time-out after acting": [
        *_aws(Kind.DELAY, 0.2, "PutItem", acted=True, seconds=1.2),
        *_aws(Kind.DELAY, 0.2, "UpdateItem", acted=True, seconds=1.2),
        *_aws(Kind.DELAY, 0.2, "BatchExecuteStatement", acted=True, seconds=1.2),
    ],
    "table: batches fail": [
        *_aws(Kind.ANSWER, 0.5, "BatchWriteItem"),
        *_aws(Kind.ANSWER, 0.5, "BatchGetItem"),
        *_aws(Kind.ANSWER, 0.5, "BatchExecuteStatement"),
    ],
    "table: some statements fail": [
        *_aws(Kind.PARTIAL, 0.3, "BatchExecuteStatement", entries=[0, 2]),
        *_aws(Kind.PARTIAL, 0.3, "BatchExecuteStatement", entries=[1, 2], acted=True),
    ],
    "queues: 500": _aws(Kind.ANSWER, 0.5, "SendMessageBatch"),
    "queues: some entries refused": _aws(Kind.PARTIAL, 0.6, "SendMessageBatch", entries=[0, 2, 3]),
    "queues: reset after acting": _aws(Kind.RESET, 0.4, "SendMessageBatch", acted=True),
    "queues: visibility refused": _aws(
        Kind.PARTIAL, 0.7, "ChangeMessageVisibilityBatch", entries=[0]
    ),
    "queues: deletes fail": [
        Fault(kind=Kind.ANSWER, match={"operation": "DeleteMessageBatch"}, times=None),
    ],
    "parameters: 500": _aws(Kind.ANSWER, 1.0, "GetParametersByPath"),
    "table and queues down": [
        *_aws(Kind.ANSWER, 1.0, None),
        *_aws(Kind.ANSWER, 1.0, "SendMessageBatch"),
    ],
}


class FaultSchedule:
    """Two threads that make one scenario after another, until `stop`.

    `begun`: how often each scenario was begun.
    """

    def __init__(self, rehook: RehookControl, aws: AwsControl, relay: Relay, seed: int) -> None:
        self._relay = relay
        self.begun: Counter[str] = Counter()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self._running = [
            self._pool.submit(self._run, rehook, "Rehook", AT_REHOOK, seed),
            self._pool.submit(self._run, aws, "AWS", AT_AWS, seed + 1),
        ]

    def stop(self) -> None:
        """End the threads and every fault. Raises the error of a thread that failed."""
        self._stopped.set()
        for each in self._running:
            each.result()
        self._pool.shutdown()

    def _run(
        self, at: ControlClient, place: str, scenarios: dict[str, list[Fault]], seed: int
    ) -> None:
        chance = random.Random(seed)
        for name in _turns(scenarios, chance):
            for fault in scenarios[name]:
                at.fault(fault)
            if name == "out of reach":
                self._relay.set_online(online=False)
            self.begun[f"{place}: {name}"] += 1
            over = self._stopped.wait(chance.uniform(0.5, 2.0))
            at.clear()
            if name == "out of reach":
                self._relay.set_online(online=True)
            if over or self._stopped.wait(chance.uniform(0.2, 1.5)):
                return


def _turns(scenarios: dict[str, list[Fault]], chance: random.Random) -> Iterator[str]:
    """Draw scenarios without end. Each comes once before any comes again."""
    while True:
        names = list(scenarios)
        chance.shuffle(names)
        yield from names
