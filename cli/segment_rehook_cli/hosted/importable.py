"""Which of Segment's subscriptions the bridge can take over, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segment_rehook.rehook.actions import ACTIONS
from segment_rehook_cli.hosted.segment_api import HostedSubscription, UnreadableSubscription

__all__ = ["LeftOut", "sorted_out"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A subscription at Segment that can't be in the file."""

    name: str
    why: str


def sorted_out(
    hosted: Iterable[HostedSubscription | UnreadableSubscription],
) -> tuple[list[HostedSubscription], list[LeftOut]]:
    """Separate what the bridge can take over from what it can't."""
    importable: list[HostedSubscription] = []
    left_out: list[LeftOut] = []
    for each in hosted:
        why = _obstacle(each)
        if isinstance(each, HostedSubscription) and not why:
            importable.append(each)
        else:
            left_out.append(LeftOut(each.name or "without a name", why))
    return importable, left_out


def _obstacle(each: HostedSubscription | UnreadableSubscription) -> str:
    if isinstance(each, UnreadableSubscription):
        return each.why
    if each.action not in ACTIONS:
        return f"the bridge has no action {each.action} (it has {', '.join(ACTIONS)})"
    if each.model:
        return "its rows come from a Reverse ETL model, which no webhook gets"
    return ""
