"""The JSON Schema of destination files, for editors. The check at start-up uses the same shapes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from segment_rehook.rehook.actions import ACTIONS, Action
from segment_rehook.rehook.destination import SHAPE, SUBSCRIPTION_SHAPE

__all__ = ["DIRECTIVES", "destination_schema"]

DIRECTIVES: Final = (
    "@arrayPath",
    "@case",
    "@excludeWhenNull",
    "@flatten",
    "@if",
    "@json",
    "@liquid",
    "@literal",
    "@merge",
    "@path",
    "@replace",
    "@template",
    "@transform",
)


def destination_schema() -> dict[str, Any]:
    """Return the schema, in JSON Schema draft 7, which most editors support.

    It checks less than `segment-rehook validate`: the names of directives, but not their options.
    """
    schema = deepcopy(SHAPE)
    schema["properties"]["subscriptions"]["items"] = {"$ref": "#/definitions/subscription"}
    subscription = deepcopy(SUBSCRIPTION_SHAPE)
    subscription["properties"]["idempotencyKey"] |= {"$ref": "#/definitions/value"}
    subscription["allOf"] = [_settings_of(action) for action in ACTIONS.values()]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "segment-rehook: destination.json",
        **schema,
        "definitions": {"subscription": subscription, "value": _value()},
    }


def _settings_of(action: Action) -> dict[str, Any]:
    fields = {
        field.name: {
            "description": f"{field.title}{' (required)' if field.required else ''}: "
            f"{field.description}",
            "allOf": [{"$ref": "#/definitions/value"}],
        }
        for field in action.fields
    }
    return {
        "if": {"properties": {"actionSlug": {"const": action.slug}}},
        "then": {"properties": {"settings": {"properties": fields}}},
    }


def _value() -> dict[str, Any]:
    """Describe a value: a directive, which has one known `@` key, or any other JSON."""
    return {
        "description": 'A value, or a directive such as {"@path": "$.properties.total"}.',
        "if": {"type": "object", "patternProperties": {"^@": False}},
        "else": {
            "if": {"type": "object"},
            "then": {
                "properties": dict.fromkeys(DIRECTIVES, True),
                "propertyNames": {"enum": [*DIRECTIVES, "_metadata"]},
            },
        },
    }
