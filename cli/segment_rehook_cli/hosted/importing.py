"""A destination file from Segment's subscriptions.

Kept of the file that was there: its settings, its subscriptions' ids and idempotency keys, and
their order. An id is part of every delivery's id: with another one, an event that was delivered
would be delivered again if it is sent again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.mapping.subscription import MAX_ID_CHARACTERS, id_from_name
from segment_rehook_cli.hosted.drift import differences
from segment_rehook_cli.hosted.importable import LeftOut, sorted_out
from segment_rehook_cli.hosted.pairing import known_settings, pair

if TYPE_CHECKING:
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.hosted.segment_api import HostedSubscription, UnreadableSubscription

__all__ = ["Imported", "import_subscriptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The file's content, and what became of the subscriptions, by their ids.

    `unknown_fields`: for each id, the names of settings that the action does not have.
    """

    content: dict[str, JSON]
    same: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    disabled: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    unknown_fields: Mapping[str, tuple[str, ...]]


def import_subscriptions(
    hosted: Sequence[HostedSubscription | UnreadableSubscription],
    base: Mapping[str, JSON],
    own: Sequence[Subscription],
    *,
    keep: bool,
) -> Imported:
    """Make the content of a destination file.

    `base` is the file that was there, and `own` its subscriptions; both are empty if there was
    none. `keep`: subscriptions that Segment does not have stay in the file.
    """
    importable, left_out = sorted_out(hosted)
    pairs = pair(importable, own)
    partner = {item.id: each for each, item in pairs.both}
    ids = {item.id for item in own}
    entries: list[JSON] = []
    sources: dict[str, HostedSubscription] = {}
    for item in own:
        if item.id in partner:
            sources[item.id] = partner[item.id]
            entries.append(_entry(partner[item.id], item.id, item.definition))
        elif keep:
            entries.append(dict(item.definition))
    added: list[str] = []
    for each in pairs.hosted_only:
        identity = _new_id(each, ids)
        ids.add(identity)
        added.append(identity)
        sources[identity] = each
        entries.append(_entry(each, identity, {}))
    changed = [item.id for each, item in pairs.both if any(differences(each, item))]
    alone = tuple(item.id for item in pairs.file_only)
    return Imported(
        content={
            **{name: base[name] for name in ("$schema",) if name in base},
            "settings": base.get("settings", {}),
            "subscriptions": entries,
        },
        same=tuple(item.id for _, item in pairs.both if item.id not in changed),
        changed=tuple(changed),
        added=tuple(added),
        removed=() if keep else alone,
        kept=alone if keep else (),
        disabled=tuple(identity for identity, each in sources.items() if not each.enabled),
        left_out=tuple(left_out),
        unknown_fields={
            identity: unknown
            for identity, each in sources.items()
            if (unknown := tuple(sorted({*each.settings} - {*_known(each)})))
        },
    )


def _entry(
    hosted: HostedSubscription, identity: str, written: Mapping[str, JSON]
) -> dict[str, JSON]:
    """Write one subscription. `written` is how the file has it."""
    named: dict[str, JSON] = {"name": hosted.name} if hosted.name.strip() else {}
    key = {name: written[name] for name in ("idempotencyKey",) if name in written}
    return {
        "id": identity,
        "segmentId": hosted.id,
        **named,
        "actionSlug": hosted.action,
        "enabled": hosted.enabled,
        "trigger": hosted.trigger,
        "settings": _known(hosted),
        **key,
    }


def _known(hosted: HostedSubscription) -> dict[str, JSON]:
    return known_settings(hosted.action, hosted.settings)


def _new_id(hosted: HostedSubscription, taken: Collection[str]) -> str:
    """Make an id from the name, with a number if it is taken.

    A name without a letter or digit gives none; then it is made from the action.
    """
    stem = id_from_name(hosted.name) or id_from_name(hosted.action)
    identity, number = stem, 1
    while identity in taken:
        number += 1
        ending = f"-{number}"
        identity = stem[: MAX_ID_CHARACTERS - len(ending)] + ending
    return identity
