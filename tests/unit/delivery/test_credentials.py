"""A refused key pair, told apart from a refused payload by check-auth, and its rotation."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ingest.request import Ingest
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.rehook.reply import ReplyClass
from tests.unit.delivery.breakers import ask
from tests.unit.delivery.claiming import call, claimed, ready
from tests.unit.delivery.world import World
from tools.fakes import rehook
from tools.fakes.secrets import SECRETS


def ready_since(world: World, seconds: float) -> tuple[Ingest, Record]:
    """Make an environment that read its secrets `seconds` ago and has just won a claim."""
    ingest = world.ingest().webhook.ingest
    ingest.caller.secrets.read()
    world.clock.advance(seconds)
    return ingest, claimed(ingest.claims)


def test_a_refusal_that_check_auth_contradicts_is_the_payloads() -> None:
    """If check-auth says that the pair is good, the event is rejected and others go on."""
    world = World()
    ingest, mine = ready(world)
    world.rehook.script.append(rehook.CREDENTIALS)

    assert call(ingest.caller, mine).kind is ReplyClass.REJECTED
    assert ask(ingest.caller.breaker).allowed


@pytest.mark.parametrize("says", [False, None])
def test_a_refusal_that_check_auth_confirms_is_the_key_pairs(says: bool | None) -> None:
    """If check-auth refuses the pair, or gives no clear answer, the event waits."""
    world = World()
    ingest, mine = ready(world)
    world.rehook.credentials = says
    world.rehook.script.append(rehook.CREDENTIALS)

    assert call(ingest.caller, mine).kind is ReplyClass.CREDENTIALS
    assert not ask(ingest.caller.breaker).allowed
    assert world.telemetry.counts["CredentialsRefused"] == 1
    assert world.telemetry.warnings[0][1] == {"code": "401"}


def test_a_key_pair_rotated_meanwhile_is_tried_at_once() -> None:
    """If SSM has another pair than the refused one, the call is made again with it."""
    world = World()
    ingest, mine = ready_since(world, 31.0)
    world.store_secrets(api_key="key-2")
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)
    reply = call(ingest.caller, mine)

    assert reply.kind is ReplyClass.DELIVERED
    assert ingest.caller.secrets.read().api_key == "key-2"
    assert ask(ingest.caller.breaker).allowed


def test_rotated_while_the_call_was_under_way() -> None:
    """If the pair was rotated during the call, the call is made again, whatever check-auth says."""
    world = World()
    ingest, mine = ready_since(world, 58.0)
    world.rehook.script.append(rehook.CREDENTIALS)

    def rotate(_operation: str, _subject: object) -> None:
        world.rehook.before = lambda *_: None
        world.store_secrets(api_key="key-2")
        world.clock.advance(2.0)  # what is cached has been there for a minute now

    world.rehook.before = rotate

    assert call(ingest.caller, mine).kind is ReplyClass.DELIVERED
    assert len(world.rehook.calls) == 2


def test_no_time_to_ask_check_auth_leaves_it_open() -> None:
    """Without time for check-auth, the reply stays `credentials` and the breaker is not told."""
    world = World()
    ingest, mine = ready(world)
    world.rehook.script.append(rehook.CREDENTIALS)
    reply = call(ingest.caller, mine, lambda: 1.0)

    assert reply.kind is ReplyClass.CREDENTIALS
    assert world.rehook.checks == 0
    assert ask(ingest.caller.breaker).allowed


def test_check_auth_and_the_second_call_keep_to_the_time() -> None:
    """If no time is left after check-auth, the call is not made again with the new pair."""
    world = World()
    ingest, mine = ready_since(world, 31.0)
    world.store_secrets(api_key="key-2")
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)
    left = iter([2.5, 0.5])
    reply = call(ingest.caller, mine, lambda: next(left))

    assert (len(world.rehook.calls), reply.kind) == (1, ReplyClass.CREDENTIALS)
    assert ask(ingest.caller.breaker).allowed


def test_secrets_are_not_shown() -> None:
    """The text form of the secrets, as a log or a traceback shows it, holds no secret."""
    assert repr(SECRETS) == "Secrets(…)"
