"""StartMessageMoveTask and ListMessageMoveTasks for moto, which has neither.

A task has ended when its start is answered, so no task can be cancelled.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.sqs.exceptions import InvalidParameterValue, SQSException

if TYPE_CHECKING:
    from moto.sqs.responses import SQSResponse

    from tools.sqs.moto_backend import MotoQueue

_MAX_RESULTS = 10


def start_message_move_task(self: SQSResponse) -> ActionResult:
    """Move the visible messages of a dead-letter queue, by default to their source queue."""
    source = _queue(self, "SourceArn")
    if not self.sqs_backend.list_dead_letter_source_queues(source.name):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    arn = self._get_param("DestinationArn")
    target = _queue(self, "DestinationArn").fifo if arn else None
    task: dict[str, Any] = {
        "Status": "COMPLETED",
        "SourceArn": source.queue_arn,
        "StartedTimestamp": int(source.fifo.now() * 1000),
        **({"DestinationArn": arn} if arn else {}),
    }
    try:
        task["ApproximateNumberOfMessagesMoved"] = source.fifo.move_to(target)
    except LookupError as error:
        task |= {"Status": "FAILED", "FailureReason": str(error)}
    source.moves.insert(0, task)
    return ActionResult({"TaskHandle": str(uuid.uuid4())})


def list_message_move_tasks(self: SQSResponse) -> ActionResult:
    """List the latest tasks of a queue, the last one first."""
    most = self._get_param("MaxResults", 1)
    return ActionResult({"Results": _queue(self, "SourceArn").moves[: min(most, _MAX_RESULTS)]})


def _queue(response: SQSResponse, parameter: str) -> MotoQueue:
    arn = response._get_param(parameter)  # noqa: SLF001 — how moto's own methods read it
    for queue in response.sqs_backend.queues.values():
        if queue.queue_arn == arn:
            return queue  # type: ignore[return-value]  # all of them are
    raise SQSException(
        "ResourceNotFoundException",
        f"The resource that you specified for the {parameter} parameter doesn't exist.",
    )
