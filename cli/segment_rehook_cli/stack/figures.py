"""How much a stack holds and has taken: its queues' attributes, and its metrics in CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segment_rehook_cli.stack.metrics import age_of_oldest, finest_period, read_points, written_by
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.durations import HOUR, MINUTE

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

    from segment_rehook_cli.stack.paged_client import PagedClient

__all__ = ["SEEN_HOURS", "Figures", "number_of_messages"]

SEEN_HOURS: Final = 3
"""Within so many hours redrive receives each message that waits: it hides one for two at most."""

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def number_of_messages(attributes: Mapping[Any, str]) -> int:
    """Give how many messages a queue with these attributes holds, about: hidden ones too."""
    return sum(int(attributes.get(name, 0)) for name in _COUNTS)


@dataclass(frozen=True, slots=True)
class Figures:
    """Reads the figures of one stack. All methods raise what boto3 raises."""

    stack: Stack
    sqs: SQSClient
    metrics: PagedClient

    @classmethod
    def of(cls, stack: Stack) -> Figures:
        """Make the clients."""
        return cls(stack, stack.client("sqs"), stack.client("cloudwatch"))

    def waiting(self) -> int:
        """Give how many messages the dead-letter queue holds, about."""
        return self._messages(self.stack.dead_letter_queue_url)

    def parked(self) -> int:
        """Give how many messages the parking lot holds, about."""
        return self._messages(self.stack.parking_lot_url)

    def total(
        self,
        metric: str,
        since: float,
        now: float,
        *,
        until: float | None = None,
        service: str = "ingest",
    ) -> int:
        """Give the sum of one of the bridge's own metrics from a time on, about. `until`: or now.

        CloudWatch shows a figure some minutes later, and counts whole minutes, or more for what is
        older than two weeks.
        """
        until = now if until is None else until
        asked = written_by(self.stack.name, service, metric, "Sum")
        found = read_points(self.metrics, [asked], since, until, finest_period(now - since))
        return round(sum(found[asked].values()))

    def oldest(self, now: float) -> float | None:
        """Give an age in seconds that no message that waits exceeds; None if none is known.

        SQS's age leaves out messages that were received repeatedly, as those in back-off are.
        Redrive writes the ages of those that it receives, and sees each of them within
        `SEEN_HOURS`. So only both together say that nothing older waits.
        """
        sqs = age_of_oldest(self.stack.dead_letter_queue_url.rpartition("/")[2])
        redrive = written_by(self.stack.name, "redrive", "DeadLetterAge", "Maximum")
        found = read_points(self.metrics, [sqs, redrive], now - SEEN_HOURS * HOUR, now, MINUTE)
        latest = [age for at, age in found[sqs].items() if at >= now - 10 * MINUTE]
        seen = [age + now - at for at, age in found[redrive].items()]
        return max(*latest, *seen) if latest and seen else None

    def _messages(self, url: str) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_COUNTS])
        return number_of_messages(found.get("Attributes", {}))
