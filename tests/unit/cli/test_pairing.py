"""Tests of which subscription at Segment is which one of the file."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.mapping.subscription import Subscription
from segment_rehook.rehook.destination import load
from segment_rehook_cli.hosted.importing import import_subscriptions
from segment_rehook_cli.hosted.pairing import pair
from segment_rehook_cli.hosted.segment_api import HostedSubscription
from segment_rehook_cli.mapping.destination_file import file_text

ORDERS: dict[str, Any] = {
    "name": "Orders",
    "actionSlug": "trackEvent",
    "trigger": 'event = "Order Completed"',
    "settings": {"event_name": "order", "source_id": {"@path": "$.userId"}},
}


def own(*changes: dict[str, Any]) -> tuple[Subscription, ...]:
    """Load a file with one subscription for each of these changes of ORDERS."""
    return load(file_text({"subscriptions": [ORDERS | each for each in changes]})).subscriptions


def hosted(identity: str, **changes: Any) -> HostedSubscription:
    """Return ORDERS as Segment has it, under this id."""
    written = ORDERS | changes
    return HostedSubscription(
        identity,
        written["name"],
        written["actionSlug"],
        written.get("enabled", True),
        written["trigger"],
        written["settings"],
    )


def pairs(at_segment: list[HostedSubscription], file: tuple[Subscription, ...]) -> dict[str, str]:
    """Return Segment's id of each subscription of the file that has a pair."""
    return {item.id: each.id for each, item in pair(at_segment, file).both}


OTHER = {"trigger": 'event = "Refund"', "settings": {"event_name": "refund"}}


@pytest.mark.parametrize(
    ("file", "segment"),
    [
        ({"id": "a", "segmentId": "s"}, {"name": "B", "actionSlug": "identifyUser"} | OTHER),
        ({"id": "s"}, {"name": "B", "actionSlug": "identifyUser"} | OTHER),
        ({"id": "a"}, OTHER),
        ({"name": "ORDERS!", "id": "orders"}, OTHER),
        ({"id": "orders", "name": "Renamed here"}, OTHER),
        ({"id": "a"}, {"name": "Renamed there"}),
        ({"id": "a", "segmentId": "gone"}, {"name": "Renamed there", "enabled": False}),
        ({"id": "a"}, {"actionSlug": "identifyUser"} | OTHER),
    ],
    ids=["segmentId", "id", "name", "slug", "id is slug", "content", "disabled", "action changed"],
)
def test_a_changed_subscription_is_found_again(
    file: dict[str, Any], segment: dict[str, Any]
) -> None:
    """By Segment's id, whatever else changed; else by name, by content, and by the name alone."""
    [item] = own(file)
    assert pairs([hosted("s", **segment)], (item,)) == {item.id: "s"}


@pytest.mark.parametrize(
    "segment",
    [{"name": "B"} | OTHER, {"name": ""} | OTHER, {"name": "B", "actionSlug": "identifyUser"}],
    ids=repr,
)
def test_what_has_nothing_in_common_is_no_pair(segment: dict[str, Any]) -> None:
    """Another name with another content, or with another action, is another subscription."""
    found = pair([hosted("s", **segment)], own({"id": "a"}))
    assert (len(found.both), len(found.hosted_only), len(found.file_only)) == (0, 1, 1)


def test_the_surest_sign_counts_first() -> None:
    """Segment's id counts before the name, and the name before the content."""
    file = own({"id": "a", "segmentId": "s1"}, {"id": "b", "name": "B"})
    assert pairs([hosted("s2"), hosted("s1", name="B")], file) == {"a": "s1", "b": "s2"}
    file = own({"id": "a", "name": "A"}, {"id": "b"} | OTHER)
    assert pairs([hosted("s1"), hosted("s2", name="A", **OTHER)], file) == {"a": "s2", "b": "s1"}


def test_of_two_with_one_name_each_finds_its_own_content() -> None:
    """Equal names are told apart by the content, whatever their order at Segment."""
    file = own({"id": "a"}, {"id": "b"} | OTHER)
    expected = {"a": "s2", "b": "s1"}
    assert pairs([hosted("s1", **OTHER), hosted("s2")], file) == expected


def test_two_that_are_alike_are_two_pairs() -> None:
    """The first is paired with the first; none is used twice."""
    file = own({"id": "a"}, {"id": "b"})
    assert pairs([hosted("s1"), hosted("s2"), hosted("s3")], file) == {"a": "s1", "b": "s2"}


def test_the_id_of_a_removed_subscription_is_not_given_again() -> None:
    """Under an old id, the ledger's records would keep a new subscription's events back."""
    file = own({"id": "refund"})
    imported = import_subscriptions([hosted("s", name="Refund", **OTHER | {"actionSlug":
        "identifyUser"})], {}, file, keep=False)  # fmt: skip
    assert (imported.removed, imported.added) == (("refund",), ("refund-2",))
