"""The directives of Segment's mapping-kit, each compiled to one callable.

A directive's options are read once, when the mapping is compiled. A mistake that the engine finds
only when it runs (it does not validate lists) becomes a callable that raises MappingError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.mapping.compiled_part import (
    ABSENT,
    CompiledPart,
    CompilePart,
    Directive,
    reads_of,
    throwing,
)
from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.objects import flatten, merge, with_nulls_undefined, without_nulls
from segment_rehook.mapping.paths import follow, follow_late, without_root
from segment_rehook.mapping.stringify import parse, stringify
from segment_rehook.mapping.template import compile_template, render
from segment_rehook.mapping.text_directives import case, replace_text, textual
from segment_rehook.mapping.values import (
    UNDEFINED,
    Value,
    is_blank,
    truthy,
    type_name,
)
from segment_rehook.segment.jsontext import NotJson

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    given, if_true, if_false = subject.run, then.run, otherwise.run

    def run(payload: Value) -> Value:
        value = given(payload)
        if value is UNDEFINED or value is None or (by_blank and is_blank(value)):
            return if_false(payload)
        return if_true(payload)

    return CompiledPart(run, reads_of((subject, then, otherwise)))


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
        return value  # the engine returns text that is no JSON unchanged


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
    given = inner.run

    def run(payload: Value) -> Value:
        value = given(payload)
        return UNDEFINED if value is None else with_nulls_undefined(value)

    def run_last(payload: Value) -> Value:
        value = given(payload)
        return UNDEFINED if value is None else without_nulls(value)

    return CompiledPart(run, inner.reads, run_last)


def _literal(option: Value, compiled: CompilePart) -> CompiledPart:
    return compiled(option)


def _liquid(option: Value, _: CompilePart) -> CompiledPart:
    # Few mappings use Liquid: the others do not wait for its import.
    from segment_rehook.mapping.liquid.template import compile_liquid  # noqa: PLC0415 — as said

    return compile_liquid(option)


DIRECTIVES: Mapping[str, Directive] = {
    "@arrayPath": _array_path,
    "@case": case,
    "@excludeWhenNull": _exclude_when_null,
    "@flatten": _flatten,
    "@if": _condition,
    "@json": _json,
    "@liquid": _liquid,
    "@literal": _literal,
    "@merge": _merge,
    "@path": textual(
        "@path",
        lambda path: follow(without_root(path)),
        lambda path, payload: follow_late(payload, without_root(path)),
    ),
    "@replace": replace_text,
    "@template": textual("@template", compile_template, render),
}
