"""A comparison of two destinations for a person at a terminal: counts, fields, examples."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from segment_rehook.segment.jsontext import JSON, decode_slowly, encode
from segment_rehook_cli.diff.differences import Effect
from segment_rehook_cli.mapping.made import NotSent
from segment_rehook_cli.terminal.output import show_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec import UnsetType

    from segment_rehook_cli.diff.differences import Differences
    from segment_rehook_cli.mapping.made import Sent
    from segment_rehook_cli.terminal.output import Columns

__all__ = ["EFFECT_WORDS", "MAX_VALUE_CHARACTERS", "field_counts", "show_differences"]

MAX_VALUE_CHARACTERS: Final = 200
"""A longer value is cut off at its end; --json has it whole."""

EFFECT_WORDS: Final = {
    Effect.UNCHANGED: "unchanged",
    Effect.CHANGED: "changed",
    Effect.NEWLY_SENT: "newly sent",
    Effect.NO_LONGER_SENT: "no longer sent",
    Effect.DIFFERENTLY_DROPPED: "differently dropped",
}


def show_differences(found: Differences, *, values: bool) -> None:
    """Print the counts, then what differs, then the examples. `values`: also those of events."""
    counts = [
        {
            "subscription": each.id,
            **{EFFECT_WORDS[effect]: str(n) for effect, n in each.events.items()},
        }
        for each in found.subscriptions
    ]
    show_rows(counts, _columns("subscription", *EFFECT_WORDS.values()), as_json=False)
    if found.changed:
        fields = (
            {"subscription": subscription, "what differs": name, "events": str(count)}
            for subscription, name, count in field_counts(found, values=values)
        )
        show_rows(fields, _columns("subscription", "what differs", "events"), as_json=False)
    if found.examples:
        columns = _columns(
            "messageId", "subscription", "effect", "what differs", "base", "candidate"
        )
        show_rows(_examples(found, values=values), columns, as_json=False)


def field_counts(found: Differences, *, values: bool) -> Iterator[tuple[str, str, int]]:
    """Give a subscription, what differs (a field, a member or the reason), and in how many events.

    Members' names are chosen by events, so they are given with `values` only.
    """
    for each in found.subscriptions:
        for name, count in each.fields.items():
            yield each.id, name, count
        for name, count in each.members.items() if values else ():
            yield each.id, name, count
        for (base, candidate), count in each.reasons.items():
            yield each.id, f"{base} → {candidate}", count


def _columns(*names: str) -> Columns:
    return {name: itemgetter(name) for name in names}


def _examples(found: Differences, *, values: bool) -> Iterator[dict[str, str]]:
    """Give a row for each field that differs in an example, or one for the whole example."""
    for each in found.examples:
        row = {
            "messageId": each.message_id or "(no messageId)",
            "subscription": each.subscription,
            "effect": EFFECT_WORDS[each.effect],
            "what differs": "",
            "base": "",
            "candidate": "",
        }
        if each.effect is not Effect.CHANGED:
            sides = [_made(side, values=values) for side in (each.base, each.candidate)]
            yield {**row, "base": sides[0], "candidate": sides[1]}
        elif values:
            for change in each.fields:
                base, candidate = _value(change.base), _value(change.candidate)
                yield {**row, "what differs": change.name, "base": base, "candidate": candidate}
        else:
            yield {**row, "what differs": ", ".join(dict.fromkeys(f.field for f in each.fields))}


def _made(made: Sent | NotSent, *, values: bool) -> str:
    if isinstance(made, NotSent):
        return f"{made.reason}: {made.detail}"
    body = f" {_value(decode_slowly(made.request.body))}" if values else ""
    return f"{made.request.method} {made.request.path}{body}"


def _value(value: JSON | UnsetType) -> str:
    return "(nothing)" if value is UNSET else _cut(encode(value).decode())


def _cut(text: str) -> str:
    most = MAX_VALUE_CHARACTERS
    return text if len(text) <= most else f"{text[: most - 1]}…"
