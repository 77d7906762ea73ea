"""A first sync: more events at once than Rehook accepts in many minutes."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.faults.simulated import SimulatedClock, SimulatedPool
from tests.unit.delivery.samples import track
from tests.unit.delivery.world import World
from tools.fakes.rehook import DELIVERED, Turn

LIMIT = 50.0  # calls a second
CALL_SECONDS = 0.02
BATCH = 1_000
SENDERS = 8
# Environments of redrive: the template's default for `RedriveConcurrency`, and a large number.
REDRIVERS = (2, 10)
# Calls that Rehook accepts at once after a pause: a strict limit and a tolerant one.
BUCKETS = (5.0, 50.0)

REFUSED = Turn(Reply(kind=ReplyClass.THROTTLED, code="429"), acts=False)


class LimitedRehook:
    """Rehook with a rate limit: a token bucket."""

    def __init__(self, clock: SimulatedClock, bucket: float) -> None:
        self._clock = clock
        self._bucket = self._tokens = bucket
        self._filled_at = clock.monotonic()
        self.offered: Counter[int] = Counter()
        """How many calls came in each second."""

    def answer(self, _request: Request, _action: str) -> Turn:
        """Accept the call, or refuse it with 429."""
        now = self._clock.monotonic()
        self.offered[int(now)] += 1
        self._tokens = min(self._bucket, self._tokens + (now - self._filled_at) * LIMIT)
        self._filled_at = now
        if self._tokens < 1.0:
            return REFUSED
        self._tokens -= 1.0
        return DELIVERED


def burst(events: int, bucket: float, redrivers: int) -> tuple[World, LimitedRehook, float]:
    """Send `events` at once, run until all have ended, and give the seconds that it took."""
    clock = SimulatedClock()
    # Each environment of redrive works on its ten messages side by side.
    world = World(clock=clock, threads=lambda _workers: SimulatedPool(clock))
    rehook = LimitedRehook(clock, bucket)
    world.rehook.answer = rehook.answer
    world.rehook.before = lambda _operation, _request: clock.sleep(CALL_SECONDS)
    batches = iter(
        [track(f"m{number}", f"u{number}") for number in range(start, start + BATCH)]
        for start in range(0, events, BATCH)
    )
    sending = [SENDERS]

    def send() -> None:
        environment = world.ingest()
        for batch in batches:
            assert world.post(*batch, on=environment).status == 200
        sending[0] -= 1

    def redrive() -> None:
        environment = world.redrive()
        while True:
            if world.poll(environment):
                continue
            wait = world.dead.next_visible()
            if wait is None and not sending[0]:
                return
            clock.sleep(min(wait if wait is not None else 1.0, 1.0) + 0.01)

    started = clock.monotonic()
    clock.run([send] * SENDERS + [redrive] * redrivers)
    return world, rehook, clock.monotonic() - started


@pytest.mark.timeout(0 if "BURST_EVENTS" in os.environ else 600)
@pytest.mark.parametrize("redrivers", REDRIVERS)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_burst_drains_at_the_pace_that_rehook_allows(
    burst_events: int, bucket: float, redrivers: int
) -> None:
    """Each event is delivered once, near the highest rate that Rehook allows, with few refusals."""
    world, rehook, seconds = burst(burst_events, bucket, redrivers)

    assert len(world.rehook.books) == burst_events
    assert set(world.rehook.rewards.values()) == {1}
    assert not world.dead.stored()
    assert not world.lot.stored()
    slowness = seconds / (burst_events / LIMIT)
    offered = sum(rehook.offered.values()) / burst_events
    assert slowness <= 1.3
    assert offered <= 1.2
    # Once, each environment makes up to ten calls before it knows of the limit.
    first, second, *later = (count for _, count in sorted(rehook.offered.items()))
    assert max(first, second) <= 2 * LIMIT + 10 * redrivers
    assert max(later) <= 2.5 * LIMIT
