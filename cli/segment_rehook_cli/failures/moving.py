"""SQS's own move of a whole queue: a task that runs in SQS, and that this process only watches.

The task goes on if this process ends. SQS runs one task of a queue at a time, so the next command
finds it and watches it. Sources: the SQS API reference on StartMessageMoveTask,
ListMessageMoveTasks and CancelMessageMoveTask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef

    from segment_rehook.delivery.ports import Clock

__all__ = ["MAX_MOVE_RATE", "MoveTask", "Moved", "queue_arn"]

MAX_MOVE_RATE: Final = 500
"""SQS's limit of messages a second."""

POLL_SECONDS: Final = 1.0
MAX_CANCELLING_SECONDS: Final = 30.0
_GOING_ON: Final = frozenset({"RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a task is. `status`: SQS's word for it. `expected`: about how many were to move."""

    status: str
    moved: int
    expected: int | None = None
    why: str = ""

    @property
    def ended(self) -> bool:
        """Whether SQS moves nothing more."""
        return self.status not in _GOING_ON


@dataclass(slots=True)
class MoveTask:
    """The latest task of the queue `source`. Methods raise what boto3 raises."""

    client: SQSClient
    source: str
    clock: Clock

    def running(self) -> bool:
        """Whether a task of the queue is going on."""
        return not self.state().ended

    def start(self, target: str, rate: int | None) -> None:
        """Start a task. `target`: the ARN of the queue to move to. `rate`: messages a second."""
        limit = {} if rate is None else {"MaxNumberOfMessagesPerSecond": rate}
        self.client.start_message_move_task(SourceArn=self.source, DestinationArn=target, **limit)

    def state(self) -> Moved:
        """Ask SQS how far the latest task is."""
        return _moved(self._latest())

    def follow(self, progress: Callable[[Moved], None]) -> Moved:
        """Watch the task to its end. `progress` is called with each state."""
        while not (state := self.state()).ended:
            progress(state)
            self.clock.sleep(POLL_SECONDS)
        return state

    def cancel(self) -> Moved:
        """Cancel the task if it is running, and wait a little until SQS has stopped it."""
        handle = self._latest().get("TaskHandle")
        if handle:
            self.client.cancel_message_move_task(TaskHandle=handle)
        until = self.clock.monotonic() + MAX_CANCELLING_SECONDS
        while not (state := self.state()).ended and self.clock.monotonic() < until:
            self.clock.sleep(POLL_SECONDS)
        return state

    def _latest(self) -> ListMessageMoveTasksResultEntryTypeDef:
        found = self.client.list_message_move_tasks(SourceArn=self.source, MaxResults=1)
        tasks = found.get("Results", [])
        return tasks[0] if tasks else {}


def _moved(task: ListMessageMoveTasksResultEntryTypeDef) -> Moved:
    return Moved(
        status=task.get("Status", "NONE"),
        moved=task.get("ApproximateNumberOfMessagesMoved", 0),
        expected=task.get("ApproximateNumberOfMessagesToMove"),
        why=task.get("FailureReason", ""),
    )


def queue_arn(client: SQSClient, url: str) -> str:
    """Ask SQS for a queue's ARN. Raises what boto3 raises."""
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]
