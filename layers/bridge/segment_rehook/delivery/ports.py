"""What the promise needs of the world outside, as small ports.

The real sides are in `segment_rehook.aws` and `segment_rehook.rehook.client`; the in-memory ones
are with the tests, and both pass the same contract tests.

    StoreUnavailable            the store gave no clear answer: the write may or may not have landed
    ├── LedgerUnavailable       DynamoDB
    ├── QueueUnavailable        SQS
    └── SecretsUnavailable      SSM, and nothing is cached
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from segment_rehook.delivery.ledger.record import Record, Swap
    from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
    from segment_rehook.delivery.queues.transport import Outgoing
    from segment_rehook.delivery.stack_parameters import Secrets
    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.reply import Reply


class StoreUnavailable(Exception):
    """A store gave no clear answer; what was asked of it may have happened all the same."""


class LedgerUnavailable(StoreUnavailable):
    """DynamoDB could not be reached, throttled past its retries, or refused the call."""


class QueueUnavailable(StoreUnavailable):
    """SQS could not be reached, or refused a call as a whole."""


class SecretsUnavailable(StoreUnavailable):
    """The secrets could not be read and none are cached. The text names parameter and command."""


MAX_CHANGES = 25
"""How many changes share one call of the ledger: DynamoDB's limit of statements in a call."""


class Change(msgspec.Struct, frozen=True):
    """A record, and the one whose place it takes (None: there is none)."""

    new: Record
    was: Record | None


class Ledger(Protocol):
    """One record per delivery, replaced by compare-and-swap."""

    def swap(self, changes: Sequence[Change]) -> Sequence[Swap | LedgerUnavailable]:
        """Make changes of different records, MAX_CHANGES in a call.

        Each wins or loses by itself: `new` is put if the record there is still `was`, told by its
        nonce. A change that was repeated by the SDK and finds its own nonce has won.
        LedgerUnavailable, which is returned and not raised: it is not known whether that change
        landed.
        """


class UserMarks(Protocol):
    """Which users have dead letters waiting: one mark a user, named anew with each storing."""

    def read(self, users: Collection[str]) -> dict[str, str]:
        """The marked ones among `users` (hashes), each with its mark's name.

        All of them raise LedgerUnavailable.
        """

    def put(self, lasts: Mapping[str, str]) -> None:
        """Mark users (user → the mark's name); a later mark replaces an earlier one."""

    def clear(self, user: str, last: str) -> None:
        """Remove the mark if it is still the one named `last`; else leave it."""


class BreakerStore(Protocol):
    """Where the breaker's shared truth lies: one record, replaced by compare-and-swap."""

    def read(self) -> BreakerRecord | None:
        """The record, or None where there is none. Raises LedgerUnavailable."""

    def swap(self, new: BreakerRecord, was: BreakerRecord | None) -> bool:
        """Put `new` if the record is still `was`, told by its nonce. Raises LedgerUnavailable."""


class Queue(Protocol):
    """One FIFO queue: the dead-letter queue or the parking lot."""

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Send up to ten messages in one call; for each, in order, whether SQS took it.

        Raises QueueUnavailable when the call as a whole failed: any of them may have been taken.
        """

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """Hide messages (receipt → seconds, 0 to 43,200, from now; at most ten in one call).

        Returns the receipts for which SQS refused it. Raises QueueUnavailable.
        """


class SecretStore(Protocol):
    """All of the stack's secrets: cached for 60 s, kept when a refresh fails."""

    def read(self) -> Secrets:
        """The secrets, at most 60 s old, or the last ones known. Raises SecretsUnavailable."""

    def refused(self) -> Secrets:
        """The secrets read anew (at most every 30 s), since somebody refused the ones we have."""


class Rehook(Protocol):
    """Rehook's API."""

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make one call; `timeout` in seconds bounds all of it. Never raises: a Reply says it."""

    def credentials_good(self, *, timeout: float) -> bool | None:
        """What check-auth says of the key pair; None where it gave no clear answer."""


class Clock(Protocol):
    """Time, so that tests can bend it."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds from some start, never going back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Randomness(Protocol):
    """Randomness, so that tests can fix it."""

    def nonce(self) -> str:
        """An id that no one else has made."""

    def uniform(self, low: float, high: float) -> float:
        """A number between the two, each as likely."""


class Telemetry(Protocol):
    """Log lines and metrics. Nothing that is passed here may hold personal data or secrets."""

    def outcome(self, line: Mapping[str, str | int | float | None]) -> None:
        """One event's (or dead letter's) terminal answer, as one structured log line."""

    def warn(self, message: str, **fields: str | float | None) -> None:
        """Something an operator should look at."""

    def count(self, metric: str, value: int = 1) -> None:
        """Add to a metric of this invocation."""
