"""The dead-letter queue's consumer: works on a batch of messages, and hides those that must wait.

Lambda deletes each message that is not reported as failed, and SQS gives out nothing of a group
while one of its messages is in flight. So a group stops at its first failure: that message and
those behind it are hidden for the same time, and all of them are reported as failed. A failed
message is never sent again as a new one: it would lose its place and its age, and Lambda stops a
function that writes to its own queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from segment_rehook.delivery.outcome_metrics import count_waiting
from segment_rehook.delivery.outcomes import Outcome, Result, Stored
from segment_rehook.delivery.ports import QueueUnavailable, SecretsUnavailable
from segment_rehook.delivery.redrive.disposition import Disposition, Hide
from segment_rehook.delivery.redrive.log_lines import line_of
from segment_rehook.delivery.redrive.worked import Worked
from segment_rehook.delivery.stack_parameters import Instructions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from segment_rehook.delivery.ports import Queue, SecretStore
    from segment_rehook.delivery.queues.transport import Received
    from segment_rehook.delivery.redrive.attempt import RedriveAttempts
    from segment_rehook.delivery.stack_parameters import Secrets

# Seconds of the function's time, kept free for hiding and settling. If the table hangs, the end of
# a message takes three calls of 3 s: settlement and mark together, the settlement, the mark.
RESERVE = 10.0
# How many seconds a message is hidden after an unexpected error: longer than the lease of a claim.
DEFECT_SECONDS = 120
# Nothing can be delivered.
WITHOUT_SECRETS = Instructions(paused=True)


@dataclass(slots=True)
class Redrive:
    """Works on one batch of dead letters at a time, on its groups side by side.

    `pool`: has a thread for each group that is worked on at once. It is kept from batch to batch,
    since starting threads takes a fifth of a batch's CPU time.
    """

    attempts: RedriveAttempts
    dead_letters: Queue
    secrets: SecretStore
    pool: Executor

    def run(self, messages: Sequence[Received], until: float) -> list[Worked]:
        """Work on `messages`, and end before `until` (seconds of the monotonic clock).

        Messages behind a failure in their group get the result of that failure.
        """
        secrets = self._secrets()
        instructions = secrets.instructions if secrets else WITHOUT_SECRETS
        worked = self._work(messages, until, instructions)
        user_key = secrets.user_key if secrets else None
        self._report(worked, user_key, paused=instructions.paused)
        return worked

    def _report(self, worked: Sequence[Worked], user_key: bytes | None, *, paused: bool) -> None:
        telemetry, now = self.attempts.claims.telemetry, self.attempts.claims.clock.now()
        for each in worked:
            telemetry.count(f"DeadLetters{each.result.outcome.capitalize()}")
        count_waiting(telemetry, [each.result for each in worked])
        telemetry.observe("DeadLetterAge", max((each.age(now) for each in worked), default=0))
        telemetry.observe("NotDelivering", paused)
        if not paused:
            telemetry.observe("BreakerOpen", self.attempts.caller.breaker.is_open)
        telemetry.outcomes([line_of(each, now, user_key) for each in worked])

    def _secrets(self) -> Secrets | None:
        """Read the secrets. None if they can't be read: then nothing can be delivered."""
        try:
            return self.secrets.read()
        except SecretsUnavailable as error:
            telemetry = self.attempts.claims.telemetry
            telemetry.warn(str(error))
            telemetry.count("SecretsUnavailable")
            return None

    def _work(
        self, messages: Sequence[Received], until: float, instructions: Instructions
    ) -> list[Worked]:
        groups: dict[str, list[Received]] = {}
        for message in messages:
            groups.setdefault(message.group, []).append(message)

        def work(group: list[Received]) -> list[Worked] | Exception:
            try:
                return self._group(group, until, instructions)
            except Exception as error:  # noqa: BLE001 — raised below
                return error

        if len(groups) == 1:
            return self._group(messages, until, instructions)
        worked: list[Worked] = []
        # An error is raised when all groups have ended: work that outlived its invocation would
        # call Rehook when the function thaws, minutes later.
        for each in list(self.pool.map(work, groups.values())):
            if isinstance(each, Exception):
                raise each
            worked += each
        return worked

    def _group(
        self, messages: Sequence[Received], until: float, instructions: Instructions
    ) -> list[Worked]:
        claims = self.attempts.claims

        def time_left() -> float:
            return until - claims.clock.monotonic() - RESERVE

        worked: list[Worked] = []
        for index, message in enumerate(messages):
            disposition = self._attempt(message, time_left, instructions)
            if isinstance(disposition, Hide):
                hidden = self._hide(messages[index:], disposition)
                if disposition.mine is not None:
                    claims.settle(claims.queued(disposition.mine))
                return worked + hidden
            worked.append(
                Worked(message, disposition.result, kept=False, called=disposition.called)
            )
        return worked

    def _attempt(
        self, message: Received, time_left: Callable[[], float], instructions: Instructions
    ) -> Disposition:
        try:
            return self.attempts.attempt(message, time_left, instructions)
        except Exception as error:  # noqa: BLE001 — an unexpected error must not stop the other groups
            telemetry = self.attempts.claims.telemetry
            telemetry.warn("unexpected error", error=type(error).__name__)
            telemetry.count("UnexpectedErrors")
            # Its claim runs out and counts as a crash. After some of them the message is parked.
            return Hide(Result(Outcome.STORED, Stored.UNEXPECTED), DEFECT_SECONDS)

    def _hide(self, messages: Sequence[Received], hide: Hide) -> list[Worked]:
        try:
            refused = self.dead_letters.change_visibility(
                {message.receipt: hide.seconds for message in messages}
            )
        except QueueUnavailable:
            refused = {message.receipt for message in messages}
        if refused:
            # SQS shows them again when the visibility time-out of the queue has run out.
            self.attempts.claims.telemetry.count("VisibilityUnchanged", len(refused))
        told = {each.receipt: hide.seconds for each in messages if each.receipt not in refused}
        # Only the first one was called, if any.
        behind = replace(hide.result, milliseconds=None)
        return [
            Worked(
                each,
                behind if number else hide.result,
                kept=True,
                next_try=told.get(each.receipt),
                called=None if number else hide.called,
            )
            for number, each in enumerate(messages)
        ]
