"""How long a dead letter is hidden before its next try.

SQS lets a message be received at most 1,000 times, so the delay grows with the message's age: a
message that is tried for ten days is received fewer than 900 times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery.queues.transport import MAX_HIDDEN_SECONDS

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Randomness

# All in seconds. After a rate limit a short pause is enough, while the message is young.
THROTTLED_PAUSE = 5.0
YOUNG = 1800.0
MIN_CEILING, MAX_CEILING = 20.0, 7200.0
# Each hiding costs a receive, so a message is not looked at more often while none is delivered.
MIN_PAUSED = 300.0
# Before a cut-over, so that what is stored is soon delivered after it: for so many receives, of
# the 1,000 that SQS allows.
CUTOVER_PAUSE = 120.0
MAX_CUTOVER_RECEIVES = 400


def delay(*, age: float, throttled: bool, at_least: float | None, randomness: Randomness) -> int:
    """Give the seconds to hide a message of `age` seconds.

    `at_least`: what Rehook or the breaker asked for. A throttled message younger than 30 minutes is
    hidden for 5 s. Any other is hidden for a random time below its own age; this limit is at least
    20 s and at most 2 h, so the mean is an hour in the end.
    """
    pause = THROTTLED_PAUSE if throttled and age < YOUNG else _jitter(age, randomness)
    return whole(max(pause, at_least or pause))


def while_paused(
    *, age: float, randomness: Randomness, receives: int = 0, cutover: bool = False
) -> int:
    """Give the seconds to hide a message while deliveries are switched off: at least 300.

    `receives`: how often SQS has handed it over. `cutover`: a cut-over is coming. Then it is 120 s
    for a message that was received at most 400 times.
    """
    if cutover and receives <= MAX_CUTOVER_RECEIVES:
        return whole(CUTOVER_PAUSE)
    return whole(max(MIN_PAUSED, _jitter(age, randomness)))


def whole(seconds: float) -> int:
    """Round to what SQS takes: whole seconds, two minutes less than its limit of twelve hours."""
    return min(round(seconds), MAX_HIDDEN_SECONDS - 120)


def _jitter(age: float, randomness: Randomness) -> float:
    return randomness.uniform(1.0, min(max(age, MIN_CEILING), MAX_CEILING))
