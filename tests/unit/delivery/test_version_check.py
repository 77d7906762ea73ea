"""A version's report on itself: what it says, and that it does nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.delivery.version_check import VersionCheck
from segment_rehook.rehook.destination import load
from segment_rehook.segment.jsontext import JSON, encode
from tests.unit.delivery.world import World
from tools.fakes.secrets import FakeSecretStore

FIELDS = {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}}
TRACK: dict[str, JSON] = {"type": "track", "event": "order", "userId": "u1", "messageId": "m1"}


def check(
    world: World, *subscriptions: dict[str, Any], secrets: FakeSecretStore | None = None
) -> VersionCheck:
    """A check over fakes, with these subscriptions, or with Segment's two default ones."""
    mapping = encode({"subscriptions": list(subscriptions)}) if subscriptions else None
    return VersionCheck(
        destination=load(mapping),
        secrets=secrets or FakeSecretStore(world.clock),
        rehook=world.rehook,
        clock=world.clock,
        timeout=2.0,
    )


def on_track(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A subscription to track calls."""
    return {
        "id": name,
        "actionSlug": "trackEvent",
        "trigger": 'type = "track"',
        "settings": settings,
    }


def test_a_sound_version_says_so() -> None:
    """The report of a sound version: secrets and key pair are good, and an event makes a call.

    `mapping` is the version of the destination file, as the log has it.
    """
    world = World()
    assert check(world).report([TRACK]) == {
        "mapping": load(None).version,
        "subscriptions": ["identify-user", "track-event"],
        "secrets": None,
        "credentials": True,
        "samples": [{"track-event": "call"}],
    }


def test_nothing_is_delivered_stored_or_claimed() -> None:
    """A report makes one call of check-auth, and nothing besides."""
    world = World()
    check(world).report([TRACK, {**TRACK, "messageId": "m2"}])
    assert world.rehook.checks == 1
    assert not world.rehook.books
    assert not world.telemetry.counts


@pytest.mark.parametrize("says", [False, None])
def test_what_check_auth_says_is_reported(says: bool | None) -> None:
    """A refused key pair, and an answer that says neither, are in the report."""
    world = World()
    world.rehook.credentials = says
    assert check(world).report([])["credentials"] is says


def test_secrets_that_cannot_be_read_are_reported_and_rehook_is_not_asked() -> None:
    """Without secrets the report says why, and no call is made."""
    world = World()
    store = FakeSecretStore(world.clock)
    store.faults.down = True
    said = check(world, secrets=store).report([])
    assert said["secrets"]
    assert said["credentials"] is None
    assert world.rehook.checks == 0


@pytest.mark.parametrize(
    ("settings", "event", "said"),
    [
        (FIELDS, {"type": "track", "event": "order", "messageId": "m1"}, "missing_user_id"),
        ({**FIELDS, "metadata": "text"}, TRACK, "invalid_fields"),
        (
            {**FIELDS, "source_id": {"@path": {"@path": "$.number"}}},
            {**TRACK, "number": 1},
            "mapping_error",
        ),
    ],
    ids=["no user", "a wrong field", "a mapping that throws"],
)
def test_what_is_not_called_has_its_reason(
    settings: dict[str, Any], event: dict[str, Any], said: str
) -> None:
    """A sample that makes no call has the reason, under each subscription that takes it."""
    report = check(World(), on_track("mine", settings)).report([event])
    assert report["samples"] == [{"mine": said}]


@pytest.mark.parametrize(
    ("event", "said"),
    [({"type": "page", "messageId": "m1"}, {}), (7, {"*": "not_an_object"})],
    ids=["ignored", "no event"],
)
def test_what_no_subscription_takes_is_reported_as_such(event: Any, said: object) -> None:
    """An ignored event has no subscription in the report; what is no event has its reason."""
    assert check(World()).report([event])["samples"] == [said]
