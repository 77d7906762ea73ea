"""Advice on a subscription's fields: unknown names, missing values, values of the wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.compiled_part import NOTHING
from segment_rehook.mapping.errors import LanguageError
from segment_rehook.mapping.mapping import ROOT_KEY, compile_mapping
from segment_rehook.mapping.paths import steps_of, without_root
from segment_rehook.mapping.schema_check import Misshape, unknown_name
from segment_rehook.mapping.template import placeholders
from segment_rehook.mapping.validation import is_directive
from segment_rehook.rehook.actions import ACTIONS
from segment_rehook_cli.mapping.advice.events import has

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.mapping.fields import Field
    from segment_rehook.segment.jsontext import JSON

__all__ = ["check_fields", "check_key"]

SEGMENTS_OWN: Final = ("__segment_internal_", "enable_batching", "batch_")
"""Prefixes of the names that Segment's screens add to `settings`."""


def check_fields(
    action: str, settings: dict[str, JSON], place: str, types: frozenset[str] | None
) -> Iterator[Misshape]:
    """Advise on an action's fields. `types`: the events that the trigger can match, if known."""
    if ROOT_KEY in settings:
        return
    fields = {field.name: field for field in ACTIONS[action].fields}
    for name in settings:
        if name not in fields and not name.startswith(SEGMENTS_OWN):
            yield Misshape(f"{place}.{name}", f"{unknown_name(name, fields)}; it is not sent")
    for field in fields.values():
        if field.name in settings:
            yield from _check_field(field, settings[field.name], f"{place}.{field.name}", types)
        elif field.required:
            message = f"has no {field.name}, which {action} requires: every event is dropped"
            yield Misshape(place, message)


def check_key(key: JSON, place: str) -> Iterator[Misshape]:
    """Advise on an `idempotencyKey`, which must differ from event to event."""
    try:
        compiled = compile_mapping({"value": key})
        same = compiled.reads == NOTHING and compiled({})
    except LanguageError:
        return
    if isinstance(same, dict) and same.get("value") not in (None, "", [], {}):
        yield Misshape(place, "is the same for every event: only the first event is delivered")


def _check_field(
    field: Field, value: JSON, place: str, types: frozenset[str] | None
) -> Iterator[Misshape]:
    if field.required and value in (None, ""):
        yield Misshape(place, "is required and has no value: every event is dropped")
    elif field.kind == "object" and value not in (None, "") and not isinstance(value, dict):
        yield Misshape(place, "is not an object, as it must be: every event is dropped")
    elif field.kind == "string" and isinstance(value, dict) and not is_directive(value):
        yield Misshape(place, "is an object and must be a string: every event is dropped")
    elif field.required and types and (lacking := _lacking(value, types)):
        kinds = " and ".join(sorted(types))
        yield Misshape(
            place,
            f"reads {lacking}, which {kinds} events do not have: every event is dropped",
        )


def _lacking(value: JSON, types: frozenset[str]) -> str:
    """Return the member that a mapping reads and that no event of these types has.

    Empty if the mapping may have a value.
    """
    if not isinstance(value, dict) or not is_directive(value):
        return ""
    ((name, option),) = ((key, value[key]) for key in value if key.startswith("@"))
    if name == "@path" and isinstance(option, str):
        return _absent([option], types)
    if name == "@template" and isinstance(option, str):
        literals, paths = placeholders(option)
        return "" if "".join(literals).strip() else _absent(paths, types)
    if name == "@case" and isinstance(option, dict):
        return _lacking(option.get("value"), types)
    if name == "@if" and isinstance(option, dict):
        then = option.get("then") if "exists" in option or "blank" in option else None
        chosen = [each for each in (then, option.get("else")) if each]
        lacking = [_lacking(each, types) for each in chosen]
        return lacking[0] if lacking and all(lacking) else ""
    return ""


def _absent(paths: list[str], types: frozenset[str]) -> str:
    heads = [steps[0] for path in paths if (steps := steps_of(without_root(path)))]
    absent = [head for head in heads if not any(has(each, head) for each in types)]
    return absent[0] if absent and len(absent) == len(paths) else ""
