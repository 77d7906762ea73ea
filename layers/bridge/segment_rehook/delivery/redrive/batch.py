"""The dead-letter queue's consumer: deliver again, or hide, or park.

SQS deletes a message that is not reported as failed, and blocks a group while one of its messages
is in flight. So a group stops at its first failure, the failed message and those behind it are
hidden for the same time, and all of them are reported. A failure is never sent anew: that would
lose its order and its age, and Lambda stops a function that feeds its own queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.outcomes import Outcome, Result, Stored
from segment_rehook.delivery.ports import QueueUnavailable, SecretsUnavailable
from segment_rehook.delivery.redrive.attempt import Again, RedriveAttempts, Step
from segment_rehook.delivery.stack_parameters import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from segment_rehook.delivery.ports import Queue, SecretStore, Telemetry
    from segment_rehook.delivery.queues.transport import Received

# Seconds kept back of the function's time for hiding and settling.
RESERVE = 5.0
# Seconds for which a message is hidden that ran into a defect: longer than a claim's lease.
DEFECT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one message.

    `kept`: SQS must keep it. `next_try`: seconds until SQS shows it again, where it was told so.
    """

    message: Received
    result: Result
    kept: bool
    next_try: int | None = None

    @property
    def delivery(self) -> str | None:
        """The delivery's id, if the message has one."""
        return self.message.attributes.get("delivery")

    def report(self, telemetry: Telemetry) -> None:
        """Count the message, and write its line in the log."""
        telemetry.count(f"DeadLetters{self.result.outcome.capitalize()}")
        telemetry.outcome(
            {
                "delivery": self.delivery,
                "sqs_message_id": self.message.message_id,
                "outcome": self.result.outcome.value,
                "reason": self.result.reason,
                "code": self.result.code,
                "rehook_request_id": self.result.request_id,
                "receive_count": self.message.receive_count,
                "next_try_seconds": self.next_try,
            }
        )


@dataclass(slots=True)
class Redrive:
    """Works on one batch of dead letters at a time, its groups side by side.

    `workers`: how many groups at once. `threads`: makes the pool of as many that they run on.
    """

    attempts: RedriveAttempts
    dead_letters: Queue
    secrets: SecretStore
    workers: int
    threads: Callable[[int], Executor]

    def run(self, messages: Sequence[Received], until: float) -> list[Worked]:
        """Work on `messages`; `until`, on the monotonic clock: the function must be done by then.

        What stood behind a failure in its group is kept with that failure's result.
        """
        telemetry = self.attempts.claims.telemetry
        worked = self._work(messages, until, paused=self._paused())
        for each in worked:
            each.report(telemetry)
        return worked

    def _paused(self) -> bool:
        """Whether the operator has switched deliveries off; without secrets none can be made."""
        try:
            return self.secrets.read().mode is not Mode.DELIVER
        except SecretsUnavailable as error:
            telemetry = self.attempts.claims.telemetry
            telemetry.warn(str(error))
            telemetry.count("SecretsUnavailable")
            return True

    def _work(self, messages: Sequence[Received], until: float, *, paused: bool) -> list[Worked]:
        groups: dict[str, list[Received]] = {}
        for message in messages:
            groups.setdefault(message.group, []).append(message)

        def work(group: list[Received]) -> list[Worked]:
            return self._group(group, until, paused=paused)

        if len(groups) == 1:
            return work(next(iter(groups.values())))
        with self.threads(self.workers) as pool:
            return [worked for group in pool.map(work, groups.values()) for worked in group]

    def _group(self, messages: list[Received], until: float, *, paused: bool) -> list[Worked]:
        claims = self.attempts.claims

        def time_left() -> float:
            return until - claims.clock.monotonic() - RESERVE

        worked: list[Worked] = []
        for index, message in enumerate(messages):
            step = self._step(message, time_left, paused=paused)
            if isinstance(step, Again):
                hidden = self._hide(messages[index:], step)
                if step.mine is not None:
                    claims.settle(claims.queued(step.mine))
                return worked + hidden
            worked.append(Worked(message, step.result, kept=False))
        return worked

    def _step(self, message: Received, time_left: Callable[[], float], *, paused: bool) -> Step:
        try:
            return self.attempts.step(message, time_left, paused=paused)
        except Exception as error:  # noqa: BLE001 — a defect of ours must not stop the other groups
            telemetry = self.attempts.claims.telemetry
            telemetry.warn("unexpected error", error=type(error).__name__)
            telemetry.count("UnexpectedErrors")
            # Its claim runs out meanwhile, and counts as a crash: so it ends in the parking lot.
            return Again(Result(Outcome.STORED, Stored.UNEXPECTED), DEFECT_SECONDS)

    def _hide(self, messages: Sequence[Received], step: Again) -> list[Worked]:
        try:
            refused = self.dead_letters.change_visibility(
                {message.receipt: step.seconds for message in messages}
            )
        except QueueUnavailable:
            refused = {message.receipt for message in messages}
        if refused:
            # They come back when the queue's own visibility time-out has run out.
            self.attempts.claims.telemetry.count("VisibilityUnchanged", len(refused))
        told = {each.receipt: step.seconds for each in messages if each.receipt not in refused}
        return [
            Worked(each, step.result, kept=True, next_try=told.get(each.receipt))
            for each in messages
        ]
