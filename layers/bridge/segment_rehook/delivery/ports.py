"""The ports: small interfaces to the world outside.

The real sides are in `segment_rehook.aws` and `segment_rehook.rehook.client`, the fakes in
`tools.fakes`. Both pass the same contract tests.

    StoreUnavailable            the store gave no clear answer: the write may have been made or not
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
    from segment_rehook.delivery.outcome_line import OutcomeLine
    from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
    from segment_rehook.delivery.queues.transport import Outgoing
    from segment_rehook.delivery.stack_parameters import Secrets
    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.reply import Reply


class StoreUnavailable(Exception):
    """A store gave no clear answer. What was asked of it may have been done or not."""


class LedgerUnavailable(StoreUnavailable):
    """DynamoDB could not be reached, throttled all tries, or refused the call."""


class QueueUnavailable(StoreUnavailable):
    """SQS could not be reached, or refused a call as a whole."""


class SecretsUnavailable(StoreUnavailable):
    """The secrets can't be read and none are cached. The text says what to put, and how."""


MAX_CHANGES = 25
"""The most changes in one call of the ledger: DynamoDB's limit of statements in a call."""


class Change(msgspec.Struct, frozen=True):
    """A record, and the one that it replaces (None: there must be no record yet)."""

    new: Record
    was: Record | None


class Ledger(Protocol):
    """The records of deliveries: one for each delivery, replaced by compare-and-swap."""

    def swap(self, changes: Sequence[Change]) -> Sequence[Swap | LedgerUnavailable]:
        """Make changes of different records, up to MAX_CHANGES in a call; answers in order.

        Each change wins or loses independently: `new` is put if the record still has the nonce of
        `was`. A change that the SDK has sent twice and that finds its own nonce has won.
        LedgerUnavailable is returned, not raised, for a change of which it is not known whether it
        was made.
        """

    def take_queued(self, claim: Record) -> Record | None:
        """Put `claim` in place of the delivery's record if that is queued and has its content.

        The record's token plus one, its epoch, crashes and doubt replace those of `claim`. Gives
        the record that is there afterwards, None if there is none. If its nonce is that of `claim`,
        the claim was put, also where the SDK has sent it twice. Raises LedgerUnavailable.
        """

    def settle_and_clear(self, change: Change, user: str, mark: str) -> bool:
        """Make a change, and clear the mark of `user` if its name is `mark`, in one call.

        Gives whether both are known to be done. If not, each may be done or not, independently of
        the other one.
        """


class UserMarks(Protocol):
    """The marks of users who have dead letters waiting: one for each user. Users are hashes.

    All methods raise LedgerUnavailable.
    """

    def read(self, users: Collection[str]) -> dict[str, str]:
        """Give the marked ones among `users`, each with its mark's name."""

    def put(self, lasts: Mapping[str, str]) -> None:
        """Mark users (user → the mark's name). A later mark replaces an earlier one."""

    def clear(self, user: str, last: str) -> None:
        """Remove the mark of `user` if its name is still `last`."""


class BreakerStore(Protocol):
    """The breaker's record, which all environments share, replaced by compare-and-swap."""

    def read(self) -> BreakerRecord | None:
        """Give the record, or None if there is none. Raises LedgerUnavailable."""

    def swap(self, new: BreakerRecord, was: BreakerRecord | None) -> bool:
        """Put `new` if the record still has the nonce of `was`, and say whether it was put.

        `was`: None if there must be no record yet. Raises LedgerUnavailable.
        """


class Queue(Protocol):
    """One FIFO queue: the dead-letter queue or the parking lot."""

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Send up to ten messages in one call. Say for each, in order, whether SQS has taken it.

        Raises QueueUnavailable if the call as a whole failed: SQS may have taken any of them.
        """

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """Hide up to ten messages (receipt → seconds from now, 0 to 43,200).

        Gives the receipts of the messages that SQS refused to hide. Raises QueueUnavailable.
        """


class SecretStore(Protocol):
    """The stack's secrets. They are cached for 60 s, and longer while they can't be read."""

    def read(self) -> Secrets:
        """Give the secrets, from the cache if they are there. Raises SecretsUnavailable."""

    def refused(self) -> Secrets:
        """Read the secrets again, since the present ones were refused; at most every 30 s.

        Raises SecretsUnavailable.
        """


class Rehook(Protocol):
    """Rehook's API."""

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make one call, of at most `timeout` seconds. It raises nothing: a Reply tells errors."""

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth whether the key pair is right; None if it gave no clear answer."""


class Clock(Protocol):
    """The time. Tests set it."""

    def now(self) -> float:
        """Give the Unix time in seconds."""

    def monotonic(self) -> float:
        """Give the seconds since some start. They never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Randomness(Protocol):
    """Random values. Tests fix them."""

    def nonce(self) -> str:
        """Give an id that nobody else has."""

    def uniform(self, low: float, high: float) -> float:
        """Give a number from `low` to `high`; all are equally likely."""


class Warnings(Protocol):
    """The part of `Telemetry` that logs warnings."""

    def warn(self, message: str, **fields: str | float | None) -> None:
        """Log what an operator should look at."""


class Counts(Protocol):
    """The part of `Telemetry` that counts."""

    def count(self, metric: str, value: int = 1) -> None:
        """Add `value` to a metric of this invocation."""


class Telemetry(Warnings, Counts, Protocol):
    """Log lines and metrics. Nothing that is passed here may hold personal data or secrets."""

    def outcomes(self, lines: Sequence[OutcomeLine]) -> None:
        """Log the outcomes of deliveries, each as one structured line."""

    def warn_once(self, message: str, **fields: str | float | None) -> None:
        """Log a warning, unless this invocation has logged the same one with the same fields."""

    def count(self, metric: str, value: int = 1, **dimension: str) -> None:
        """Add `value` to a metric of this invocation.

        `dimension`: one at most, beside the service; its values must be a small closed set.
        """

    def count_now(self, metric: str, value: int) -> None:
        """Write a metric at once, so that it is there also if the function dies."""

    def observe(self, metric: str, value: float) -> None:
        """Add a value to a metric of which the values are of interest, not their sum."""
