"""Which fields of a call differ between two mappings of one event.

Two bodies are the same if Rehook reads the same values: the order of members does not count, nor
how a number is written (1 and 1.0); true and 1 differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from segment_rehook.segment.jsontext import JSON, decode_slowly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook_cli.mapping.made import Sent

__all__ = ["FieldChange", "field_changes"]


class FieldChange(msgspec.Struct, frozen=True):
    """A field that differs. UNSET: the call has no such field.

    `field` is a field of the action, or `path` or `idempotencyKey`. `member` is the member of
    the field that differs, if the field is an object in both calls; else None.
    """

    field: str
    member: str | None
    base: JSON | UnsetType
    candidate: JSON | UnsetType

    @property
    def name(self) -> str:
        """The field's name, with its member after a dot."""
        return self.field if self.member is None else f"{self.field}.{self.member}"


def field_changes(base: Sent, candidate: Sent) -> tuple[FieldChange, ...]:
    """Return what differs between two calls: `path` and `idempotencyKey` first, then the body's."""
    return tuple(_changes(base, candidate))


def _changes(base: Sent, candidate: Sent) -> Iterator[FieldChange]:
    if base.request.path != candidate.request.path:
        yield FieldChange("path", None, base.request.path, candidate.request.path)
    if base.key != candidate.key:
        yield FieldChange("idempotencyKey", None, _set(base.key), _set(candidate.key))
    if base.request.body == candidate.request.body:
        return
    before, after = (decode_slowly(each.request.body) for each in (base, candidate))
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise TypeError("a call's body is an object")
    for field, first, second in _differing(before, after):
        if isinstance(first, dict) and isinstance(second, dict):
            for member, *values in _differing(first, second):
                yield FieldChange(field, member, *values)
        else:
            yield FieldChange(field, None, first, second)


def _set(key: str | None) -> str | UnsetType:
    return UNSET if key is None else key


def _differing(
    base: dict[str, JSON], candidate: dict[str, JSON]
) -> Iterator[tuple[str, JSON | UnsetType, JSON | UnsetType]]:
    for name in {**base, **candidate}:
        first, second = base.get(name, UNSET), candidate.get(name, UNSET)
        if first is UNSET or second is UNSET or not _same(first, second):
            yield name, first, second


def _same(first: JSON, second: JSON) -> bool:
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            _same(value, second[name]) for name, value in first.items()
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return isinstance(first, bool) is isinstance(second, bool) and first == second
