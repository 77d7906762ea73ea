"""Refuses the mappings that Segment's engine refuses before it runs them, in the same words.

As in the engine, the members of an object are checked and the items of a list are not. The mistakes
of an object's members are collected; for other values the first mistake ends the check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping import text
from segment_rehook.mapping.checked_place import Place
from segment_rehook.mapping.errors import MappingInvalid, Mistake
from segment_rehook.mapping.replacement import MAX_PATTERN_LENGTH, MAX_REPLACEMENT_LENGTH
from segment_rehook.mapping.stringify import quote
from segment_rehook.mapping.values import UNDEFINED, Value, in_order, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

METADATA = "_metadata"
"""The one other key that a directive may have beside its own."""


Check: TypeAlias = "Callable[[Value, Place], object]"


def is_directive(value: Value) -> bool:
    """Tell whether a value is an object whose keys all begin with `@`, except `_metadata`."""
    return (
        isinstance(value, dict)
        and _has_at_key(value)
        and all(key.startswith("@") or key == METADATA for key in value)
    )


def validate(value: Value, place: Place | None = None) -> None:
    """Check a mapping as the engine does before it runs it. Raises MappingInvalid."""
    place = place or Place()
    if not isinstance(value, dict):
        return
    if _has_at_key(value):
        _validate_directive(value, place)
    else:
        _validate_object(value, place)


def _has_at_key(value: dict[str, Value]) -> bool:
    return any(key.startswith("@") for key in value)


def _kind(value: Value) -> str:
    return "directive" if isinstance(value, dict) and _has_at_key(value) else type_name(value)


def _actual(value: Value) -> str:
    return _with_article(_kind(value))


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _validate_directive(value: dict[str, Value], place: Place) -> None:
    names = [key for key in value if key.startswith("@")]
    if len(names) > 1:
        raise place.refuse(f"should only have one @-prefixed key but it has {len(names)} keys")
    if not is_directive(value):
        raise place.refuse(f"should only have one @-prefixed key but it has {len(value)} keys")
    check = _CHECKS.get(names[0])
    if check is None:
        raise place.refuse(f"has an invalid directive: {names[0]}")
    check(value[names[0]], place.into(names[0]))


def _validate_object(value: Value, place: Place) -> None:
    if not isinstance(value, dict) or _has_at_key(value):
        raise place.refuse(f"should be an object but it is {_actual(value)}")
    _collect([(validate, value[key], place.into(key)) for key in in_order(value)])


def _collect(checks: list[tuple[Check, Value, Place]]) -> None:
    mistakes: list[Mistake] = []
    for check, value, place in checks:
        try:
            check(value, place)
        except MappingInvalid as refused:
            mistakes += refused.mistakes
    if mistakes:
        raise MappingInvalid(mistakes, grouped=True)


# What options hold has been validated as members before (the engine does so once more, and takes
# twice the time for each level): here it is about their kind.


def _anything(_: Value, __: Place) -> None:
    """Accept any JSON value."""


def _text_or_directive(value: Value, place: Place) -> None:
    if _kind(value) not in {"directive", "string"}:
        raise place.refuse(f"should be a string or a mapping directive but it is {_actual(value)}")


def _object_or_directive(value: Value, place: Place) -> None:
    if not isinstance(value, dict):
        raise place.refuse(f"should be a object or a mapping directive but it is {_actual(value)}")


def _with_validation(check: Check) -> Check:
    def check_whole(value: Value, place: Place) -> None:
        if _kind(value) == "directive":
            validate(value, place)
        check(value, place)

    return check_whole


_literal = _with_validation(_anything)
_textual = _with_validation(_text_or_directive)


def _string(value: Value, place: Place) -> str:
    if not isinstance(value, str):
        raise place.refuse(f"should be a string but it is {_actual(value)}")
    return value


def _boolean(value: Value, place: Place) -> None:
    if not isinstance(value, bool):
        raise place.refuse(f"should be a boolean but it is {_actual(value)}")


def _array(value: Value, place: Place) -> list[Value]:
    if not isinstance(value, list):
        raise place.refuse(f"should be an array but it is {_with_article(type_name(value))}")
    return value


def _sized(shortest: int, longest: int) -> Check:
    def check(value: Value, place: Place) -> None:
        size = text.length(_string(value, place))
        if size < shortest:
            raise place.refuse(f"should be a string of length {shortest} or greater")
        if size > longest:
            raise place.refuse(f"should be a string of length {longest} or less")

    return check


def _one_of(*allowed: str) -> Check:
    def check(value: Value, place: Place) -> None:
        if _string(value, place).lower() not in allowed:
            raise place.refuse(
                f"should be one of {', '.join(allowed)} but it is {quote(str(value))}"
            )

    return check


def _options(checks: Mapping[str, Check], *, required: Collection[str] = ()) -> Check:
    """Check an object of options; options without a check are only validated as mappings."""

    def check_option(name: str) -> Check:
        def check(value: Value, place: Place) -> None:
            if isinstance(value, dict) and name in value:
                checks[name](value[name], place.into(name))
            elif name in required:
                raise place.refuse(f"should have field {quote(name)} but it doesn't")

        return check

    each = [check_option(name) for name in checks]

    def check(value: Value, place: Place) -> None:
        _validate_object(value, place)
        _collect([(check, value, place) for check in each])

    return check


def _array_path(value: Value, place: Place) -> None:
    path, shape = [*_array(value, place), UNDEFINED, UNDEFINED][:2]
    _textual(path, place)
    validate(shape, place)


_merge_options = _options(
    {"direction": _one_of("left", "right"), "objects": _array}, required=("objects",)
)


def _merge(value: Value, place: Place) -> None:
    _merge_options(value, place)
    objects = value["objects"] if isinstance(value, dict) else []
    for index, each in enumerate(objects):
        member = place.into("objects").forgotten(str(index))
        _object_or_directive(each, member)
        validate(each, member)


_CHECKS: Mapping[str, Check] = {
    "@arrayPath": _array_path,
    "@case": _options({"operator": _string, "value": _text_or_directive}),
    "@excludeWhenNull": _literal,
    "@flatten": _options({"separator": _string, "value": _anything}, required=("value",)),
    "@if": _options(dict.fromkeys(("exists", "then", "else"), _anything)),
    "@json": _options(
        {"value": _anything, "mode": _one_of("encode", "decode")}, required=("value", "mode")
    ),
    "@liquid": _string,
    "@literal": _literal,
    "@merge": _merge,
    "@path": _textual,
    "@replace": _options(
        {
            "pattern": _sized(1, MAX_PATTERN_LENGTH),
            "replacement": _sized(0, MAX_REPLACEMENT_LENGTH),
            "value": _text_or_directive,
            "ignorecase": _boolean,
            "global": _boolean,
        },
        required=("pattern", "value"),
    ),
    "@template": _textual,
    "@transform": _options(
        {"apply": _object_or_directive, "mapping": _object_or_directive},
        required=("apply", "mapping"),
    ),
}
