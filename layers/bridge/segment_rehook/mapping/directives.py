"""The directives of Segment's mapping-kit, each compiled to one callable.

A directive's options are looked at once, when the mapping is compiled. What the engine would only
find when it runs (it does not look into lists beforehand) becomes a callable that raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.compiled_part import (
    CompiledPart,
    CompilePart,
    constant,
    reads_of,
    throwing,
)
from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.objects import flatten, merge, without_nulls
from segment_rehook.mapping.paths import follow, follow_late, without_root
from segment_rehook.mapping.replacement import replace
from segment_rehook.mapping.stringify import parse, stringify
from segment_rehook.mapping.template import compile_template, render
from segment_rehook.mapping.values import (
    UNDEFINED,
    Value,
    is_blank,
    is_number,
    to_text,
    truthy,
    type_name,
)
from segment_rehook.segment.jsontext import NotJson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Directive: TypeAlias = "Callable[[Value, CompilePart], CompiledPart]"

ABSENT = constant(UNDEFINED)


def _textual(
    name: str, static: Callable[[str], CompiledPart], late: Callable[[str, Value], Value]
) -> Directive:
    """Make a directive whose option is text, or a directive that gives text."""

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


def _condition(options: Value, compiled: CompilePart) -> CompiledPart:
    if not isinstance(options, dict):
        return throwing('@if requires an object with an "exists" key')
    exists, blank = options.get("exists", UNDEFINED), options.get("blank", UNDEFINED)
    if not truthy(exists) and not truthy(blank):
        return throwing('@if requires an "exists" key or a "blank" key')
    by_blank = exists is UNDEFINED
    subject = compiled(blank if by_blank else exists)
    then = compiled(options["then"]) if "then" in options else ABSENT
    otherwise = compiled(options["else"]) if truthy(options.get("else")) else ABSENT

    def run(payload: Value) -> Value:
        value = subject.run(payload)
        holds = value is not UNDEFINED and value is not None
        if by_blank and holds:
            holds = not is_blank(value)
        return (then if holds else otherwise).run(payload)

    return CompiledPart(run, reads_of((subject, then, otherwise)))


def _case(options: Value, compiled: CompilePart) -> CompiledPart:
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


def _replace(options: Value, compiled: CompilePart) -> CompiledPart:
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

    def run(payload: Value) -> Value:
        value = subject.run(payload)
        if isinstance(value, bool) or is_number(value):
            value = to_text(value)
        if not (
            isinstance(value, str)
            and isinstance(ignore_case, bool)
            and isinstance(everywhere, bool)
            and all(isinstance(text, str) for text in pairs[0])
        ):
            return ""
        for pattern, replacement in pairs:
            if isinstance(replacement, str):
                value = replace(
                    value, pattern, replacement, ignore_case=ignore_case, everywhere=everywhere
                )
        return value

    return CompiledPart(run, subject.reads)


def _or_default(options: Mapping[str, Value], key: str, *, default: Value) -> Value:
    value = options.get(key)
    return default if value is None else value


def _array_path(options: Value, compiled: CompilePart) -> CompiledPart:
    if not isinstance(options, list):
        return throwing(f"@arrayPath expected array, got {type_name(options)}")
    path, shape = [*options, UNDEFINED, UNDEFINED][:2]
    root = follow(without_root(path)) if isinstance(path, str) else compiled(path)
    if not isinstance(shape, dict) or not shape:
        return root
    item = compiled(shape).run

    def run(payload: Value) -> Value:
        value = root.run(payload)
        if isinstance(value, dict):
            return [item(value)]
        return [item(element) for element in value] if isinstance(value, list) else value

    return CompiledPart(run, root.reads)


def _flatten(options: Value, compiled: CompilePart) -> CompiledPart:
    if not isinstance(options, dict):
        return throwing('@flatten requires an object with a "separator" key')
    if not truthy(options.get("separator")):
        return throwing('@flatten requires a "separator" key')
    separator = compiled(options["separator"])
    subject = compiled(options.get("value", UNDEFINED))
    omit_arrays = truthy(options.get("omitArrays"))

    def run(payload: Value) -> Value:
        joint = separator.run(payload)
        if not isinstance(joint, str):
            raise MappingError("@flatten requires a string separator")
        return flatten(subject.run(payload), joint, omit_arrays=omit_arrays)

    return CompiledPart(run, reads_of((separator, subject)))


def _json(options: Value, compiled: CompilePart) -> CompiledPart:
    if not isinstance(options, dict):
        return throwing('@json requires an object with a "value" key')
    for key in ("mode", "value"):
        if not truthy(options.get(key)):
            return throwing(f'@json requires a "{key}" key')
    subject = compiled(options["value"])
    mode = options["mode"]

    def run(payload: Value) -> Value:
        value = subject.run(payload)
        if mode == "encode":
            return stringify(value)
        return _decoded(value) if mode == "decode" else UNDEFINED

    return CompiledPart(run, subject.reads)


def _decoded(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except NotJson:
        return value  # the engine gives back what does not decode


def _merge(options: Value, compiled: CompilePart) -> CompiledPart:
    if not isinstance(options, dict):
        return throwing('@merge requires an object with an "objects" key and a "direction" key')
    if not truthy(options.get("direction")):
        return throwing('@merge requires a "direction" key')
    direction = compiled(options["direction"])
    objects = options.get("objects")
    message = ""
    if not truthy(objects):
        message = '@merge requires a "objects" key'
    elif not isinstance(objects, list):
        message = f"@merge: expected opts.array, got {type_name(objects)}"
    members = [compiled(each) for each in objects] if isinstance(objects, list) else []

    def run(payload: Value) -> Value:
        leftwards = direction.run(payload) == "left"
        if message:
            raise MappingError(message)
        merged = [each.run(payload) for each in members]
        return merge(reversed(merged) if leftwards else merged)

    return CompiledPart(run, reads_of((direction, *members)))


def _exclude_when_null(option: Value, compiled: CompilePart) -> CompiledPart:
    inner = compiled(option)

    def run(payload: Value) -> Value:
        value = inner.run(payload)
        return UNDEFINED if value is None else without_nulls(value)

    return CompiledPart(run, inner.reads)


def _literal(option: Value, compiled: CompilePart) -> CompiledPart:
    return compiled(option)


def _liquid(option: Value, _: CompilePart) -> CompiledPart:
    # Few mappings use it: those that do not need not wait for its import.
    from segment_rehook.mapping.liquid.template import compile_liquid  # noqa: PLC0415 — as said

    return compile_liquid(option)


DIRECTIVES: Mapping[str, Directive] = {
    "@arrayPath": _array_path,
    "@case": _case,
    "@excludeWhenNull": _exclude_when_null,
    "@flatten": _flatten,
    "@if": _condition,
    "@json": _json,
    "@liquid": _liquid,
    "@literal": _literal,
    "@merge": _merge,
    "@path": _textual(
        "@path",
        lambda path: follow(without_root(path)),
        lambda path, payload: follow_late(payload, without_root(path)),
    ),
    "@replace": _replace,
    "@template": _textual("@template", compile_template, render),
}
