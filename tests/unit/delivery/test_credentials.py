"""Refused key pairs, told from refused payloads by check-auth; and rotation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.courier import Courier, Taken
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import ReplyClass, Reply
from tests.fakes import rehook
from tests.unit.delivery.breakers import ask
from tests.unit.delivery.world import World

REQUEST = Request("POST", "/events/invoke", b"{}")
PLENTY = 100.0


def claim(courier: Courier, *, content: str = "c") -> Taken:
    """Claim as ingest does."""
    return courier.claim(
        "m1:track", content, lambda found: meet.live(found, content, courier.clock.now())
    )


def claimed(courier: Courier) -> Record:
    """A claim that was won."""
    mine = claim(courier).mine
    assert mine is not None
    return mine


def call(courier: Courier, mine: Record, left: Callable[[], float] = lambda: PLENTY) -> Reply:
    """Call under a claim."""
    with courier.breaker.permit() as permit:
        return courier.call(permit, mine, REQUEST, "trackEvent", left)


def test_a_refusal_that_check_auth_contradicts_is_the_payloads() -> None:
    """A firewall may dislike one event; the others must not wait for it."""
    world = World()
    courier = world.courier()
    world.rehook.script.append(rehook.CREDENTIALS)

    assert call(courier, claimed(courier)).kind is ReplyClass.REJECTED
    assert ask(courier.breaker).allowed


@pytest.mark.parametrize("says", [False, None])
def test_a_refusal_that_check_auth_confirms_is_the_key_pairs(says: bool | None) -> None:
    """Also where it gives no clear answer: nothing is given up for that."""
    world = World()
    courier = world.courier()
    world.rehook.credentials = says
    world.rehook.script.append(rehook.CREDENTIALS)

    assert call(courier, claimed(courier)).kind is ReplyClass.CREDENTIALS
    assert not ask(courier.breaker).allowed
    assert world.telemetry.counts["CredentialsRefused"] == 1
    assert world.telemetry.warnings[0][1] == {"code": "401"}


def test_a_key_pair_rotated_meanwhile_is_tried_at_once() -> None:
    """The cached one was refused, the one in SSM is good: nothing waits."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    courier.secrets.read()
    world.store_secrets(api_key="key-2")
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)
    courier.secrets._tried -= 31.0  # type: ignore[attr-defined]  # the fake's: read 31 s ago
    reply = call(courier, mine)

    assert reply.kind is ReplyClass.DELIVERED
    assert courier.secrets.read().api_key == "key-2"
    assert ask(courier.breaker).allowed


def test_rotated_while_the_call_was_under_way() -> None:
    """What check-auth says of the new pair says nothing of the old one: the call decides."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    courier.secrets.read()
    world.rehook.script.append(rehook.CREDENTIALS)

    def rotate(_operation: str, _subject: object) -> None:
        world.rehook.before = lambda *_: None
        world.store_secrets(api_key="key-2")
        courier.secrets._tried -= 60.0  # type: ignore[attr-defined]  # the fake's cache is old now

    world.rehook.before = rotate

    assert call(courier, mine).kind is ReplyClass.DELIVERED
    assert len(world.rehook.calls) == 2


def test_no_time_to_ask_check_auth_leaves_it_open() -> None:
    """Stored as refused credentials, and nothing is concluded from it."""
    world = World()
    courier = world.courier()
    world.rehook.script.append(rehook.CREDENTIALS)
    reply = call(courier, claimed(courier), lambda: 1.0)

    assert reply.kind is ReplyClass.CREDENTIALS
    assert world.rehook.checks == 0
    assert ask(courier.breaker).allowed


def test_check_auth_and_the_second_call_keep_to_the_time() -> None:
    """Asking took what was left: the new pair is for the next one to try."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    courier.secrets.read()
    courier.secrets._tried -= 31.0  # type: ignore[attr-defined]  # the fake's: read 31 s ago
    world.store_secrets(api_key="key-2")
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)
    left = iter([2.5, 0.5])
    reply = call(courier, mine, lambda: next(left))

    assert (len(world.rehook.calls), reply.kind) == (1, ReplyClass.CREDENTIALS)
    assert ask(courier.breaker).allowed
