"""How long a dead letter is hidden before its next try.

A message may be received 1,000 times at most in its life, so the delay grows with its age: even a
message that is tried for ten days stays below 900 receives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery.queues.transport import MAX_HIDDEN_SECONDS

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Randomness

# Rehook asked for patience: a short pause suits a rate limit, while the message is young.
THROTTLED_PAUSE = 5.0
YOUNG = 1800.0
MIN_CEILING, MAX_CEILING = 20.0, 7200.0
# The pause at which handing back begins to cost receives: see the module's docstring.
MIN_PAUSED = 300.0


def delay(*, age: float, throttled: bool, at_least: float | None, randomness: Randomness) -> int:
    """Seconds to hide a message of `age` seconds, `at_least` what Rehook or the breaker asked for.

    Full jitter below a ceiling that is the age itself, between 20 s and 2 h (so an hour on average
    in the long run); 5 s for a throttled message younger than 30 minutes.
    """
    pause = THROTTLED_PAUSE if throttled and age < YOUNG else _jitter(age, randomness)
    return whole(max(pause, at_least or pause))


def while_paused(*, age: float, randomness: Randomness) -> int:
    """Seconds to hide a message while deliveries are switched off: at least five minutes."""
    return whole(max(MIN_PAUSED, _jitter(age, randomness)))


def whole(seconds: float) -> int:
    """What SQS takes: whole seconds, at most twelve hours, a little less than that to be safe."""
    return min(round(seconds), MAX_HIDDEN_SECONDS - 120)


def _jitter(age: float, randomness: Randomness) -> float:
    return randomness.uniform(1.0, min(max(age, MIN_CEILING), MAX_CEILING))
