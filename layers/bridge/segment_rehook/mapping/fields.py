"""Field rules: what an action takes, and what becomes of a value of another type.

Segment checks a mapped payload with ajv, with `coerceTypes: "array"` and
`removeAdditional`, after `removeEmptyValues` (actions-core, `schema-validation`
and `remove-empty-values`). This module gives the same
verdicts, values and sentences, odd ones too: users find them in Segment's own logs.

    FieldsInvalid (ValueError)      the payload breaks a field's rule
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from segment_rehook.mapping.objects import as_json
from segment_rehook.mapping.values import UNDEFINED, Function, type_name
from segment_rehook.segment.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["Field", "FieldsInvalid", "check_fields"]

EXEMPT: Final = "dynamicAuthSettings"
"""The one unknown field that actions-core puts back after its check."""

_FITTING: Final[Mapping[str, type]] = {"string": str, "object": msgspec.Raw}
"""Types of values that a field of this kind takes unchanged, unless they are empty."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an action, as the action's definition at Segment states it.

    `title` is the label on Segment's screen; the error texts begin with it.
    """

    name: str
    title: str
    kind: Literal["string", "object"]
    description: str
    required: bool = False
    nullable: bool = False

    @property
    def types(self) -> str:
        """The allowed types as a sentence of the engine's names them."""
        return f"{self.kind} or null" if self.nullable else self.kind


class FieldsInvalid(ValueError):
    """The payload breaks the rules of its action's fields.

    The text is the engine's own. `missing` names the required fields without a
    value.
    """

    def __init__(self, message: str, missing: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.missing = missing


def check_fields(payload: object, fields: Mapping[str, Field]) -> dict[str, object]:
    """Give the payload as the engine would send it, in the mapping's own order.

    `fields` are the action's, by name. Strings, numbers and booleans become what a field wants
    where ajv makes them so; empty values and fields that the action does not know are left out.
    The
    values of the result are JSON, or a `msgspec.Raw`, which stands for the object whose text it is.

    Raises FieldsInvalid: a required field has no value, or a value no fitting type.
    """
    if not isinstance(payload, dict):
        found = "undefined" if payload in (None, "") else type_text(payload)
        raise FieldsInvalid(f"The root value must be an object but it was {found}.")
    checked: dict[str, object] = {}
    misfits: list[str] = []
    for name, value in payload.items():
        field = fields.get(name)
        if field is None:
            continue
        if value and isinstance(value, _FITTING[field.kind]):
            checked[name] = value
        elif not _is_empty(value, field):
            judged, fits = _judge(value, field)
            checked[name] = as_json(judged) if fits else judged
            if not fits:
                misfits.append(name)
    if misfits or len(checked) < len(fields):
        _require(checked, fields, misfits)
    if EXEMPT in payload:
        exempt = payload[EXEMPT]
        if not _is_empty(exempt, None) and not isinstance(exempt, Function):
            checked[EXEMPT] = as_json(exempt)
    return checked


def _require(
    checked: Mapping[str, object], fields: Mapping[str, Field], misfits: Collection[str]
) -> None:
    missing = [name for name in fields if fields[name].required and name not in checked]
    mistakes = [f"The root value is missing the required field '{name}'." for name in missing]
    mistakes += [_misfit(checked[name], fields[name]) for name in fields if name in misfits]
    if mistakes:
        raise FieldsInvalid(" ".join(mistakes), frozenset(missing))


def type_text(value: object) -> str:
    """Name a value's type as the engine's sentences do, with its article."""
    name = "object" if isinstance(value, msgspec.Raw) else type_name(value)
    if name in {"null", "undefined"}:
        return name
    return f"{_article(name)} {name}"


def _is_empty(value: object, field: Field | None) -> bool:
    if value is UNDEFINED or value == "":
        return True
    return value is None and field is not None and not field.nullable


def _judge(value: object, field: Field) -> tuple[object, bool]:
    """Give the value as ajv leaves it, and whether it fits the field now."""
    if field.kind == "object":
        return value, isinstance(value, (dict, msgspec.Raw))
    if isinstance(value, str) or (value is None and field.nullable):
        return value, True
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
        if isinstance(value, str):
            # For a nullable field ajv asks whether the lone member is a string *and* null,
            # which nothing is; "" alone gets through, as null.
            return (value, True) if not field.nullable else (value or None, not value)
    if value is None:
        return "", True
    if isinstance(value, bool):
        return "true" if value else "false", True
    if isinstance(value, (int, float)):
        return number_text(value), True
    return value, False


def _misfit(value: object, field: Field) -> str:
    wanted = f"{_article(field.types)} {field.types}"
    return f"{field.title} must be {wanted} but it was {type_text(value)}."


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"
