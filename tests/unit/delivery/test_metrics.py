"""What a call, a batch of dead letters and the state of a stack add to the metrics and the log."""

from __future__ import annotations

import pytest

from segment_rehook.delivery import ids
from tests.unit.delivery.claiming import call, ready
from tests.unit.delivery.samples import order, track
from tests.unit.delivery.situations import waiting
from tests.unit.delivery.world import World
from tools.fakes import rehook
from tools.fakes.rehook import Turn
from tools.fakes.secrets import USER_KEY


def slow(world: World, seconds: float) -> None:
    """Let Rehook take so long for each call."""

    def after(_operation: str, _subject: object) -> None:
        world.clock.advance(seconds)

    world.rehook.after = after


@pytest.mark.parametrize(
    ("turns", "calls", "unknown"),
    [
        ([rehook.DELIVERED], 1, 0),
        ([rehook.UNAVAILABLE, rehook.DELIVERED], 2, 0),
        ([rehook.UNAVAILABLE, rehook.UNKNOWN_DONE], 2, 1),
        ([rehook.UNKNOWN_UNDONE], 1, 1),
    ],
)
def test_each_call_is_timed(turns: list[Turn], calls: int, unknown: int) -> None:
    """Each call of Rehook adds its milliseconds; an unknown outcome is counted."""
    world = World()
    slow(world, 0.25)
    ingest, mine = ready(world)
    world.rehook.script.extend(turns)
    call(ingest.caller, mine)

    assert world.telemetry.values["RehookMilliseconds"] == pytest.approx([250.0] * calls)
    assert world.telemetry.counts["UnknownOutcomes"] == unknown


def test_a_call_that_is_not_made_is_not_timed() -> None:
    """An attempt that came too late for a call has no milliseconds."""
    world = World()
    ingest, mine = ready(world)
    world.clock.advance(27.5)
    call(ingest.caller, mine)

    assert not world.telemetry.values["RehookMilliseconds"]


def test_a_line_has_the_time_of_its_own_call() -> None:
    """In redrive only the message that was called has the call's time, not those behind it."""
    world = waiting("m1", "m2")
    slow(world, 1.5)
    world.rehook.script.append(rehook.UNREACHABLE)
    before = len(world.telemetry.lines)
    world.poll()
    called, behind = world.telemetry.lines[before:]

    assert (called["milliseconds"], called["action"]) == (1500, "trackEvent")
    assert (behind["reason"], behind.get("milliseconds")) == ("unreachable", None)


def test_users_have_a_keyed_name_or_none() -> None:
    """The name depends on the key, and is the same in both functions. No key, no name."""
    plain = ids.user_hash("u1")
    world = waiting()
    world.poll()
    stored, delivered = world.telemetry.lines
    assert stored["user"] == delivered["user"] == ids.logged_user(plain, USER_KEY)
    assert ids.logged_user(plain, b"another key") != stored["user"]
    assert str(stored["user"]) not in plain

    world.store_secrets(user_key=None)
    world.post(track("m2"))
    assert "user" not in world.telemetry.lines[-1]


@pytest.mark.parametrize("mode", ["deliver", "pause", "dry-run"])
def test_whether_the_stack_delivers_is_told(mode: str) -> None:
    """Each invocation of both functions says whether the stack delivers."""
    world = waiting()
    world.store_secrets(mode=mode)
    world.telemetry.values.clear()
    world.post(track("m2", "u2"))
    world.poll()

    assert world.telemetry.values["NotDelivering"] == [mode != "deliver"] * 2
    assert len(world.telemetry.values["BreakerOpen"]) == (2 if mode == "deliver" else 0)


def test_an_open_breaker_is_told() -> None:
    """The breaker counts as open until a call succeeds; a pause for a rate limit does not."""
    world = World(threshold=1)
    environment = world.ingest()
    world.rehook.script.append(rehook.THROTTLED)
    world.post(track("m1", "u1"), on=environment)
    world.clock.advance(60)
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m2", "u2"), on=environment)
    world.clock.advance(120)
    world.post(track("m3", "u3"), on=environment)

    assert world.telemetry.values["BreakerOpen"] == [False, True, False]


def test_the_age_is_that_of_the_oldest_message() -> None:
    """Redrive tells the age of the oldest message of its batch, in seconds."""
    world = waiting()
    world.clock.advance(100)
    world.store_secrets(mode="pause")
    world.post(track("m2", "u2"))
    world.clock.advance(20)
    world.poll()

    assert world.telemetry.values["DeadLetterAge"] == [120]
    assert [line.get("age_seconds") for line in world.telemetry.lines[-2:]] == [120, 20]


def test_a_business_key_names_the_delivery_and_segments_id_the_event() -> None:
    """Under a business key a line has both: the delivery's id and Segment's message id."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(order("m1", "4711"))
    world.drain()

    for line in world.telemetry.lines:
        assert (line["delivery"], line["message_id"]) == ("k:4711:order", "m1")
