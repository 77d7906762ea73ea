"""Tests of SQS's own move task, as the command line watches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from mypy_boto3_sqs import SQSClient

from segment_rehook_cli.failures.moving import Moved, MoveTask
from tools.fakes.surroundings import FakeClock


@dataclass
class SlowMove:
    """SQS's answers about one queue: a task moves ten messages in each second of simulated time.

    A task that is cancelled takes two more seconds to stop.
    """

    clock: FakeClock
    number: int = 95
    tasks: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0
    cancelled_at: float | None = None

    def start_message_move_task(self, **asked: Any) -> Any:
        """Start the task."""
        self.asked, self.began = asked, self.clock.monotonic()
        return {"TaskHandle": "handle"}

    def list_message_move_tasks(self, **_: Any) -> Any:
        """Describe the task, with its handle while it is running."""
        if not self.asked:
            return {"Results": []}
        now = self.clock.monotonic()
        moved = min(int((self.cancelled_at or now) - self.began) * 10, self.number)
        task = {
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": self.number,
        }
        if self.cancelled_at is not None:
            status = "CANCELLING" if now < self.cancelled_at + 2 else "CANCELLED"
            return {"Results": [{**task, "Status": status}]}
        if moved < self.number:
            return {"Results": [{**task, "Status": "RUNNING", "TaskHandle": "handle"}]}
        return {"Results": [{**task, "Status": "COMPLETED"}]}

    def cancel_message_move_task(self, *, TaskHandle: str) -> Any:  # noqa: N803 — the library's name
        """Begin to stop the task."""
        assert TaskHandle == "handle"
        self.cancelled_at = self.clock.monotonic()
        return {"ApproximateNumberOfMessagesMoved": 0}


def task_of(sqs: SlowMove) -> MoveTask:
    """Return the task of the queue `source`."""
    return MoveTask(cast("SQSClient", sqs), "source", sqs.clock)


def test_a_task_is_watched_to_its_end() -> None:
    """Each state is shown, and the last one says how many messages were moved."""
    sqs = SlowMove(FakeClock())
    task = task_of(sqs)
    assert not task.running()
    task.start("target", 50)
    assert sqs.asked == {
        "SourceArn": "source",
        "DestinationArn": "target",
        "MaxNumberOfMessagesPerSecond": 50,
    }
    assert task.running()
    seen: list[int] = []
    assert task.follow(lambda state: seen.append(state.moved)) == Moved("COMPLETED", 95, 95)
    assert seen == list(range(0, 100, 10))


def test_a_task_that_is_cancelled_has_stopped() -> None:
    """A cancel waits until SQS has stopped the task, and says how far it came."""
    sqs = SlowMove(FakeClock())
    task = task_of(sqs)
    task.start("target", None)
    sqs.clock.advance(3)
    assert task.cancel() == Moved("CANCELLED", 30, 95)
    assert task.cancel() == Moved("CANCELLED", 30, 95)
