"""Properties of import and drift: what Segment has of a file is the file again."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.mapping.subscription import Subscription
from segment_rehook.rehook.actions import ACTIONS
from segment_rehook.rehook.destination import load
from segment_rehook_cli.hosted.drift import compare
from segment_rehook_cli.hosted.importing import Imported, import_subscriptions
from segment_rehook_cli.hosted.segment_api import HostedSubscription
from segment_rehook_cli.mapping.destination_file import file_text

TEXTS = st.text(max_size=8) | st.sampled_from(["Orders", "orders", "Ördérs", "\ud83d", "👍", "a:b"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | TEXTS
    | st.sampled_from([{"@path": "$.userId"}, {"@template": "{{userId}} – {{event}}"}]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(TEXTS.filter(lambda name: not name.startswith("@")), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip
TRIGGERS = st.sampled_from(
    [
        'type = "track"',
        'type = "identify"',
        'type = "track" and event = "Order Completed"',
        'contains(event, "é  x")',
    ]
)


@st.composite
def own_entries(draw: st.DrawFn) -> list[Any]:
    """Draw the subscriptions of a valid file: with and without ids, names and keys."""
    entries = []
    for index in range(draw(st.integers(0, 5))):
        action = draw(st.sampled_from(sorted(ACTIONS)))
        fields = st.sampled_from([field.name for field in ACTIONS[action].fields])
        name = draw(TEXTS.filter(str.strip) | st.none())
        entry: dict[str, Any] = {
            "id": f"id{index}",
            "actionSlug": action,
            "trigger": draw(TRIGGERS),
            "settings": draw(st.dictionaries(fields, VALUES)),
        }
        if name:
            entry["name"] = name
        for member, values in (
            ("enabled", st.booleans()),
            ("idempotencyKey", st.just({"@path": "$.messageId"})),
        ):
            if draw(st.booleans()):
                entry[member] = draw(values)
        entries.append(entry)
    return entries


def exported(own: Subscription, number: int) -> HostedSubscription:
    """Return what Segment has of a subscription: with an id of its own, and always a name."""
    settings: Any = own.definition["settings"]
    trigger: Any = own.definition["trigger"]
    return HostedSubscription(f"seg{number}", own.name, own.action, own.enabled, trigger, settings)


def meaning(own: Subscription) -> tuple[object, ...]:
    """Return all that decides about a delivery, to be compared."""
    written = own.definition
    key, settings = written.get("idempotencyKey"), json.dumps(written["settings"], sort_keys=True)
    return own.id, own.name, own.action, own.enabled, written["trigger"], settings, str(key)


def subscriptions(imported: Imported) -> tuple[Subscription, ...]:
    """Load the file that an import gives."""
    return load(file_text(imported.content)).subscriptions


@given(own_entries(), st.randoms(use_true_random=False))
def test_a_file_comes_back_from_segment_as_it_was(entries: list[Any], luck: Any) -> None:
    """With the file as the base, import gives the same subscriptions, whatever Segment's order.

    Ids and idempotency keys are the same, and drift finds nothing before and after.
    """
    base: Any = {"settings": {"eventTypes": {"page": "ignore"}}, "subscriptions": entries}
    own = load(file_text(base)).subscriptions
    hosted = [exported(item, number) for number, item in enumerate(own)]
    luck.shuffle(hosted)
    assert not compare(hosted, own)
    imported = import_subscriptions(hosted, base, own, keep=False)
    after = subscriptions(imported)
    names = [item.name for item in own]
    alike = {item.id for item in own if names.count(item.name) > 1}
    for one, other in zip(own, after, strict=True):
        # Of those with one name the first is as good as the second, apart from the key.
        assert one.id in alike or meaning(one) == meaning(other)
    assert sorted(meaning(one)[1:-1] for one in own) == sorted(meaning(one)[1:-1] for one in after)
    assert imported.content["settings"] == base["settings"]
    assert not compare(hosted, after)
    assert len(imported.same) == len(own)


@given(own_entries())
def test_an_import_without_a_file_is_complete(entries: list[Any]) -> None:
    """Without a base all subscriptions come, under different ids, and drift finds nothing.

    A second import changes nothing, not a byte.
    """
    own = load(file_text({"subscriptions": entries})).subscriptions
    hosted = [exported(item, number) for number, item in enumerate(own)]
    imported = import_subscriptions(hosted, {}, (), keep=False)
    after = subscriptions(imported)
    assert len(imported.added) == len({*imported.added}) == len(after) == len(own)
    assert not compare(hosted, after)
    again = import_subscriptions(hosted, imported.content, after, keep=False)
    assert file_text(again.content) == file_text(imported.content)


@given(own_entries(), st.data())
def test_an_id_stays_whatever_changes_at_segment(entries: list[Any], data: st.DataObject) -> None:
    """After an import, a subscription is known by Segment's id, whatever else changes there."""
    own = load(file_text({"subscriptions": entries})).subscriptions
    hosted = [exported(item, number) for number, item in enumerate(own)]
    before = import_subscriptions(hosted, {}, (), keep=False)
    changed = [
        HostedSubscription(
            each.id,
            data.draw(TEXTS),
            data.draw(st.sampled_from(sorted(ACTIONS))),
            data.draw(st.booleans()),
            data.draw(TRIGGERS),
            {},
        )
        for each in data.draw(st.permutations(hosted))
    ]
    after = import_subscriptions(changed, before.content, subscriptions(before), keep=False)

    def ids(imported: Imported) -> list[tuple[Any, Any]]:
        return [(item.definition["segmentId"], item.id) for item in subscriptions(imported)]

    assert ids(after) == ids(before)
    assert not compare(changed, subscriptions(after))
