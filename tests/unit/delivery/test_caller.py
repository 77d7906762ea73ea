"""One call under a claim: its second try, its time-out, and its lease."""

from __future__ import annotations

import pytest

from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.breakers import ask
from tests.unit.delivery.claiming import call, ready
from tests.unit.delivery.world import World
from tools.fakes import rehook


@pytest.mark.parametrize(
    ("turn", "calls"),
    [
        (rehook.DELIVERED, 1),
        (rehook.REJECTED, 1),
        (rehook.THROTTLED, 1),
        (rehook.UNREACHABLE, 1),
        (rehook.UNKNOWN_DONE, 1),
        (rehook.UNAVAILABLE, 2),
    ],
    ids=lambda value: value.reply.kind if isinstance(value, rehook.Turn) else "",
)
def test_only_a_503_is_tried_again_at_once(turn: rehook.Turn, calls: int) -> None:
    """A second call follows at once only after a 503, which says that nothing was processed."""
    world = World()
    ingest, mine = ready(world)
    world.rehook.script.extend([turn, rehook.DELIVERED])
    reply = call(ingest.caller, mine)

    assert len(world.rehook.calls) == calls
    assert reply.kind is (ReplyClass.DELIVERED if calls == 2 else turn.reply.kind)


@pytest.mark.parametrize(
    ("left", "calls", "kind"), [(1.9, 1, ReplyClass.UNAVAILABLE), (2.0, 2, ReplyClass.DELIVERED)]
)
def test_no_second_try_without_the_time_for_it(left: float, calls: int, kind: ReplyClass) -> None:
    """A second call is made only if a whole time-out is left for it."""
    world = World()
    ingest, mine = ready(world)
    world.rehook.script.append(rehook.UNAVAILABLE)
    reply = call(ingest.caller, mine, lambda: left)

    assert (len(world.rehook.calls), reply.kind) == (calls, kind)


@pytest.mark.parametrize(
    ("frozen", "reply"),
    [
        (27.0, rehook.DELIVERED.reply),
        (27.1, Reply(kind=ReplyClass.UNREACHABLE, code="late")),
    ],
)
def test_no_call_under_a_lease_about_to_run_out(frozen: float, reply: Reply) -> None:
    """If most of the lease is over before the call, no call is made."""
    world = World()
    ingest, mine = ready(world)
    world.clock.advance(frozen)

    assert call(ingest.caller, mine) == reply
    assert len(world.rehook.calls) == (reply.kind is ReplyClass.DELIVERED)


def test_what_was_never_called_says_nothing_of_rehook() -> None:
    """A call that is not made because its lease is over does not count for the breaker."""
    world = World()
    ingest, mine = ready(world)
    world.clock.advance(60.0)
    for _ in range(20):
        call(ingest.caller, mine)

    assert ask(ingest.caller.breaker).allowed
