"""How long a dead letter is hidden, and how often it is received in its life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.pacing import backoff
from tools.fakes.surroundings import FakeRandomness

DAY = 86_400.0
ages = st.floats(0.0, 14 * DAY)


class Luck(FakeRandomness):
    """Randomness that always gives the lowest number, or always the highest."""

    def __init__(self, *, longest: bool) -> None:
        super().__init__()
        self._longest = longest

    def uniform(self, low: float, high: float) -> float:
        """Give the end that was chosen."""
        return high if self._longest else low


@pytest.mark.parametrize(
    ("age", "throttled", "at_least", "shortest", "longest"),
    [
        pytest.param(0.0, False, None, 1, 20, id="new"),
        pytest.param(20.1, False, None, 1, 20, id="the ceiling begins to grow"),
        pytest.param(600.0, False, None, 1, 600, id="the ceiling is the age"),
        pytest.param(10 * DAY, False, None, 1, 7_200, id="old"),
        pytest.param(1_799.9, True, None, 5, 5, id="throttled and young"),
        pytest.param(1_800.0, True, None, 1, 1_800, id="throttled and no longer young"),
        pytest.param(600.0, False, 30.0, 30, 600, id="asked for patience"),
        pytest.param(0.0, True, 7.0, 7, 7, id="throttled, with a Retry-After"),
        pytest.param(600.0, False, 1e9, 43_080, 43_080, id="asked for more than SQS takes"),
    ],
)
def test_the_shortest_and_the_longest_delay(
    age: float, throttled: bool, at_least: float | None, shortest: int, longest: int
) -> None:
    """The shortest and the longest delay are those of the table in docs/protocol.md."""
    delays = [
        backoff.delay(age=age, throttled=throttled, at_least=at_least, randomness=Luck(longest=end))
        for end in (False, True)
    ]

    assert delays == [shortest, longest]


@given(ages, st.booleans(), st.none() | st.floats(0.0, 1e9), st.integers(0, 100))
def test_a_delay_is_one_that_sqs_takes(
    age: float, throttled: bool, at_least: float | None, seed: int
) -> None:
    """A delay is in whole seconds, and ends within SQS's twelve hours from the receive."""
    delay = backoff.delay(
        age=age, throttled=throttled, at_least=at_least, randomness=FakeRandomness(seed)
    )

    assert isinstance(delay, int)
    assert 1 <= delay <= 43_200 - 60


@given(ages, st.booleans(), st.floats(0.0, 3_600.0), st.integers(0, 100))
def test_what_rehook_asks_for_is_the_least(
    age: float, throttled: bool, at_least: float, seed: int
) -> None:
    """A delay is at least as long as Rehook asks for."""
    randomness = FakeRandomness(seed)
    delay = backoff.delay(age=age, throttled=throttled, at_least=at_least, randomness=randomness)

    assert delay >= round(at_least)


@given(st.floats(0.0, 1_799.0))
def test_a_young_throttled_message_comes_back_soon(age: float) -> None:
    """A throttled message younger than 30 minutes is hidden for five seconds."""
    delay = backoff.delay(age=age, throttled=True, at_least=None, randomness=FakeRandomness())

    assert delay == 5


@given(ages, st.integers(0, 50))
def test_jitter_is_below_a_ceiling_that_grows_with_age(age: float, seed: int) -> None:
    """The random delay stays below the message's age, within 20 s and two hours."""
    delay = backoff.delay(age=age, throttled=False, at_least=None, randomness=FakeRandomness(seed))

    assert delay <= max(20.0, min(age, 7_200.0)) + 1


@given(ages, st.integers(0, 50))
def test_while_deliveries_are_off_a_message_waits_five_minutes(age: float, seed: int) -> None:
    """While deliveries are switched off, a message is hidden for at least five minutes."""
    assert backoff.while_paused(age=age, randomness=FakeRandomness(seed)) >= 300


def _receives(kind: str, seed: int) -> int:
    """Count how often a message is received in ten days if it is never delivered."""
    randomness, age, count = FakeRandomness(seed), 0.0, 0
    while age < 10 * DAY:
        count += 1
        if kind in {"paused", "cut-over"}:
            cutover = kind == "cut-over"
            age += backoff.while_paused(
                age=age, randomness=randomness, receives=count, cutover=cutover
            )
        else:
            throttled = kind == "throttled"
            age += backoff.delay(age=age, throttled=throttled, at_least=None, randomness=randomness)
    return count


@pytest.mark.parametrize("kind", ["throttled", "failing", "paused", "cut-over"])
def test_a_message_is_received_fewer_than_900_times(kind: str) -> None:
    """A message stays far below SQS's limit of 1,000 receives, for each of 40 seeds."""
    assert max(_receives(kind, seed) for seed in range(40)) <= 900


def test_in_the_long_run_half_an_hour_on_average_and_more() -> None:
    """Messages that are days old are tried no more than twice an hour on average."""
    randomness = FakeRandomness()
    delays = [
        backoff.delay(age=3 * DAY, throttled=True, at_least=None, randomness=randomness)
        for _ in range(500)
    ]

    assert sum(delays) / len(delays) >= 1_800
