"""Where a template's variables are: what it assigned, then the payload, then nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from segment_rehook.mapping.liquid.values import key_text, own, read
from segment_rehook.mapping.values import UNDEFINED, Value

if TYPE_CHECKING:
    from collections.abc import MutableMapping


class Scope(Protocol):
    """As much of a python-liquid render context as looking up takes."""

    locals: MutableMapping[str, object]
    counters: dict[str, int]
    tag_namespace: dict[str, Any]


ENVIRONMENT = "environment"
"""Under this name a render context keeps the payload, which need not be an object."""
BLOCKS = "blocks"
"""Under this name it keeps how many `block` tags are open."""


def environment(context: Scope) -> Value:
    """Give the payload that the template is rendered with."""
    return context.tag_namespace[ENVIRONMENT]


def variable(context: Scope, name: Value) -> Value:
    """Look a variable up."""
    key = key_text(name)
    if key == "block" and context.tag_namespace.get(BLOCKS):
        return {"super": ""}
    if key in context.locals:
        return context.locals[key]
    if key in context.counters:
        return context.counters[key]
    return payload_variable(environment(context), name)


def payload_variable(payload: Value, name: Value) -> Value:
    """Look a variable up in the payload alone."""
    known = own(payload, key_text(name)) is not UNDEFINED
    # What is nowhere is looked up in an empty object, which has a size.
    return read(payload if known else {}, name)


class Detached:
    """What a variable is looked up in where an item of a list is all there is."""

    def __init__(self, item: Value) -> None:
        self.locals: MutableMapping[str, object] = {}
        self.counters: dict[str, int] = {}
        self.tag_namespace: dict[str, Any] = {ENVIRONMENT: item}
