"""The directives on text: `@case`, `@replace`, and those whose option is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.mapping.compiled_part import (
    ABSENT,
    CompiledPart,
    CompilePart,
    Directive,
    throwing,
)
from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.replacement import replace
from segment_rehook.mapping.values import (
    Value,
    is_number,
    to_text,
    truthy,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def textual(
    name: str, static: Callable[[str], CompiledPart], late: Callable[[str, Value], Value]
) -> Directive:
    """Make a directive whose option is text, or a directive that gives text.

    `static` compiles a constant text, `late` runs a text that was made from the event.
    """

    def compile_textual(option: Value, compiled: CompilePart) -> CompiledPart:
        if isinstance(option, str):
            return static(option)
        inner = compiled(option).run

        def run(payload: Value) -> Value:
            given = inner(payload)
            if not isinstance(given, str):
                raise MappingError(f"{name}: expected string, got {type_name(given)}")
            return late(given, payload)

        return CompiledPart(run, None)

    return compile_textual


def case(options: Value, compiled: CompilePart) -> CompiledPart:
    """Compile `@case`: text in lower or upper case; other values unchanged."""
    if not isinstance(options, dict):
        return throwing('@case requires an object with a "operator" key')
    operator = options.get("operator")
    if not truthy(operator):
        return throwing('@case requires a "operator" key')
    if not truthy(options.get("value")):
        return ABSENT
    subject = compiled(options["value"])

    def run(payload: Value) -> Value:
        value = subject.run(payload)
        if not isinstance(value, str):
            return value
        if operator == "lower":
            return value.lower()
        if operator == "upper":
            return value.upper()
        raise MappingError('operator key should have a value of "lower" or "upper"')

    return CompiledPart(run, subject.reads)


def replace_text(options: Value, compiled: CompilePart) -> CompiledPart:
    """Compile `@replace`: one or two patterns replaced in a text, a number or a boolean."""
    if not isinstance(options, dict):
        return throwing('@replace requires an object with a "pattern" key')
    if not truthy(options.get("pattern")):
        return throwing('@replace requires a "pattern" key')
    if not truthy(options.get("value")):
        return ABSENT
    subject = compiled(options["value"])
    ignore_case = _or_default(options, "ignorecase", default=False)
    everywhere = _or_default(options, "global", default=True)
    pairs = [(options["pattern"], _or_default(options, "replacement", default=""))]
    if isinstance(options.get("pattern2"), str) and options["pattern2"]:
        pairs.append((options["pattern2"], _or_default(options, "replacement2", default="")))
    texts = [(old, new) for old, new in pairs if isinstance(old, str) and isinstance(new, str)]
    usable = (
        isinstance(ignore_case, bool) and isinstance(everywhere, bool) and pairs[:1] == texts[:1]
    )

    def run(payload: Value) -> Value:
        value = subject.run(payload)
        if isinstance(value, bool) or is_number(value):
            value = to_text(value)
        if not usable or not isinstance(value, str):
            return ""
        for pattern, replacement in texts:
            value = replace(
                value,
                pattern,
                replacement,
                ignore_case=ignore_case is True,
                everywhere=everywhere is True,
            )
        return value

    return CompiledPart(run, subject.reads)


def _or_default(options: Mapping[str, Value], key: str, *, default: Value) -> Value:
    value = options.get(key)
    return default if value is None else value
