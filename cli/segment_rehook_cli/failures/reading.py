"""A reading of a stack's queues, message by message, that hides nothing when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.failures.holding import BESIDE_LAMBDA
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.reader import QueueReader
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS, INTERRUPTED, REFUSED
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["Reading", "not_read", "start_reading"]

Visit = Callable[[FailedMessage, float], None]


@dataclass(slots=True)
class Reading:
    """A reading of one queue or several. `taken`: how many messages passed the selection.

    `interrupted`: a person ended it. `unread`: about how many messages could not be read, by queue.
    A message that comes after the start may be read or not.
    """

    readers: Sequence[QueueReader]
    selection: Selection
    refusals: Refusals
    taken: int = 0
    interrupted: bool = False
    unread: dict[str, int] = field(default_factory=dict)

    def run(self, visit: Visit) -> None:
        """Call `visit` with each message that the selection takes, and SQS's time at the start."""
        read = 0
        try:
            with progress(sum(each.expected for each in self.readers), "messages read") as show:
                for reader in self.readers:
                    try:
                        for portion in reader.portions():
                            self._visit(portion, reader, visit)
                            read += len(portion)
                            show(read)
                    finally:
                        reader.close()
        except KeyboardInterrupt:
            self.interrupted = True
        self.unread = {each.name.value: each.unread() for each in self.readers}

    @property
    def exit_code(self) -> int:
        """Return INTERRUPTED, REFUSED if AWS let nothing be read, FINDINGS for a part, else 0."""
        if self.interrupted:
            return INTERRUPTED
        if self.refusals and not any(each.due for each in self.readers):
            return REFUSED
        return 0 if self.complete else FINDINGS

    @property
    def complete(self) -> bool:
        """Whether all messages were read, except waiting ones, some of which are always hidden."""
        return not (self.interrupted or self.refusals) and not any(
            number for name, number in self.unread.items() if name != QueueName.WAITING
        )

    def notes(self) -> Iterator[str]:
        """Return a line for an interruption, for each AWS error, and for what could not be read."""
        if self.interrupted:
            yield "interrupted"
        yield from self.refusals.lines()
        ended = not (self.interrupted or self.refusals)
        for each in self.readers:
            yield from not_read(each, self.unread.get(each.name, 0), ended=ended)

    def _visit(self, portion: Sequence[FailedMessage], reader: QueueReader, visit: Visit) -> None:
        for each in portion:
            if self.selection.takes(each, reader.started_at):
                self.taken += 1
                visit(each, reader.started_at)


def start_reading(stack: Stack, selection: Selection, refusals: Refusals | None = None) -> Reading:
    """Count the queues that the selection names. Ends the command if AWS refuses that.

    `refusals`: where AWS's later errors are added, by default those of this reading alone.
    """
    client: SQSClient = stack.client("sqs")
    refusals = Refusals() if refusals is None else refusals
    queues: dict[QueueName, str] = {}
    if selection.from_queue is not None:
        queues[QueueName.OTHER] = selection.from_queue
    if selection.parked:
        queues[QueueName.PARKED] = stack.parking_lot_url
    if selection.waiting:
        queues[QueueName.WAITING] = stack.dead_letter_queue_url
    with exit_on_aws_error():
        readers = [
            QueueReader(
                client,
                url,
                SystemClock(),
                refusals,
                name=name,
                holding=BESIDE_LAMBDA if url == stack.dead_letter_queue_url else None,
            )
            for name, url in queues.items()
        ]
    return Reading(readers, selection, refusals)


def not_read(reader: QueueReader, unread: int, *, ended: bool) -> Iterator[str]:
    """Return a line about the messages that were not read. `ended`: the queue gave no more."""
    if unread and reader.name is QueueName.WAITING:
        yield (
            f"waiting, not read: about {unread:,}; hidden (until the next try, or because of a "
            f"delivery under way): {reader.hidden:,}, and the others are behind those"
        )
    elif unread and ended:
        yield (
            f"not read: about {unread}; a console or another run holds them, or they are behind "
            "messages that are held: try again later"
        )
    elif unread:
        yield f"not read: about {unread}"
