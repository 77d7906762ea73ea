"""Mappings: compiled once, run on every event that their subscription takes.

The steps are those of `transform` in Segment's mapping-kit: the payload must be an object, a root
directive is unfolded, the mapping is validated and resolved, and undefined members are dropped.
"""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.mapping.compiled_part import CompiledPart, Run, constant, reads_of, throwing
from segment_rehook.mapping.directives import DIRECTIVES
from segment_rehook.mapping.errors import (
    STACK_EXHAUSTED,
    MappingError,
    MappingInvalid,
    Mistake,
)
from segment_rehook.mapping.members import OBJECT_MEMBERS
from segment_rehook.mapping.objects import PROTOTYPE, json_of, without_undefined
from segment_rehook.mapping.paths import steps_of, without_root
from segment_rehook.mapping.text import to_units
from segment_rehook.mapping.validation import METADATA, is_directive, validate
from segment_rehook.mapping.values import (
    UNDEFINED,
    Undefined,
    Value,
    in_order,
    truthy,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.mapping.compiled_part import Reads
    from segment_rehook.segment.jsontext import JSON

ROOT_KEY = "__segment_internal_directive"
"""The key of a root directive: one directive that works on all other members of the mapping."""


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping, ready to run.

    `reads` names the top-level keys of the payload that can matter; None means all. With only
    these in the payload the result is the same. `passthrough` names the fields that copy one
    top-level key whole: `{"metadata": "properties"}`.

    Results share parts with the payload and the mapping: do not change them.
    """

    reads: Reads
    passthrough: Mapping[str, str]
    _run: Run = field(repr=False)

    def __call__(self, payload: Value) -> JSON | Undefined:
        """Map a payload. UNDEFINED: JSON has no text for the result. Raises MappingError."""
        try:
            return json_of(self._run(payload))
        except RecursionError:
            raise MappingError(STACK_EXHAUSTED) from None

    def resolve(self, payload: Value) -> Value:
        """Map a payload; UNDEFINED stays in lists, as in the engine. Raises MappingError."""
        try:
            return without_undefined(self._run(payload))
        except RecursionError:
            raise MappingError(STACK_EXHAUSTED) from None


def compile_mapping(mapping: Value) -> CompiledMapping:
    """Compile a subscription's `settings`. Raises MappingInvalid alone."""
    try:
        part = _compile_root(mapping)
        run = _sparing(mapping, part.run)
    except RecursionError:
        mistake = Mistake("", "nests too many levels", STACK_EXHAUSTED)
        raise MappingInvalid([mistake], grouped=False) from None
    return CompiledMapping(part.reads, _passthrough(mapping), run)


def _sparing(mapping: Value, run: Run) -> Run:
    # The Liquid tags increment and decrement write their counts into the payload, where later
    # fields read them. They get a copy, so that no other subscription reads the counts.
    text = str(mapping)
    if not any(tag in text for tag in ("increment", "decrement")):
        return run
    # Under these directives, an inner object is the payload.
    nested = any(directive in text for directive in ("@arrayPath", "@transform"))
    copied = deepcopy if nested else copy
    return lambda payload: run(copied(payload))


def _compile_root(mapping: Value) -> CompiledPart:
    """Validate and compile a mapping; its results still have their undefined members."""
    unfolded = unfold(mapping)
    validate(unfolded)
    inner = _compile(unfolded, last=True)
    resolve = inner.run

    def run(payload: Value) -> Value:
        if not isinstance(payload, dict):
            require_object(payload)
        return resolve(payload)

    return CompiledPart(run, inner.reads)


def require_object(payload: Value) -> None:
    """Raise MappingError for a payload that is no object."""
    if not isinstance(payload, dict):
        raise MappingError(f"data must be an object, got {type_name(payload)}")


def unfold(mapping: Value) -> Value:
    """Spread the mapping as `{...mapping}`, or give its root directive the other members."""
    if mapping is None:
        raise _refusal("Cannot convert undefined or null to object")
    if not isinstance(mapping, dict) or ROOT_KEY not in mapping:
        return _members(mapping)
    root = mapping[ROOT_KEY]
    if root is None:
        raise _refusal("Cannot convert undefined or null to object")
    members = _members(root)
    if len(members) > 1:
        raise _refusal("The root mapping must only have a single directive object")
    options = next(iter(members.values()), UNDEFINED)
    if isinstance(options, list):
        return root  # the engine adds the other members under a key that is never read
    if not isinstance(options, dict):
        raise _refusal("The root directive must be an object")
    others = {key: value for key, value in mapping.items() if key not in {ROOT_KEY, PROTOTYPE}}
    unfolded = {**options, "mapping": others}
    return [unfolded] if isinstance(root, list) else {next(iter(members)): unfolded}


def _members(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    items = list(to_units(value)) if isinstance(value, str) else value
    return {str(index): item for index, item in enumerate(items)} if isinstance(items, list) else {}


def _refusal(message: str) -> MappingInvalid:
    return MappingInvalid([Mistake(ROOT_KEY, message, message)], grouped=False)


def _compile(mapping: Value, *, last: bool = False) -> CompiledPart:
    """Compile a value. `last`: it goes to the mapping's result, and to no directive."""
    if isinstance(mapping, list):
        return _compile_list(mapping)
    if not isinstance(mapping, dict):
        return constant(mapping)
    if not is_directive(mapping):
        return _compile_object(mapping, last=last)
    name = next(key for key in mapping if key.startswith("@"))
    if name == "@transform":
        return _transform(mapping[name])
    directive = DIRECTIVES.get(name)
    if directive is None:
        return throwing(f"{name} is not a valid directive, got undefined")
    return directive(mapping[name], _compile)


def _compile_list(items: list[Value]) -> CompiledPart:
    parts = [_compile(item) for item in items]
    runs = [part.run for part in parts]
    return CompiledPart(lambda payload: [run(payload) for run in runs], reads_of(parts))


def _compile_object(members: dict[str, Value], *, last: bool) -> CompiledPart:
    parts = {key: _compile(members[key], last=last) for key in in_order(members)}
    runs = [(key, (last and part.run_last) or part.run) for key, part in parts.items()]

    def run(payload: Value) -> dict[str, Value]:
        return {key: member(payload) for key, member in runs}

    def run_without_prototype(payload: Value) -> Value:
        return {key: value for key, value in run(payload).items() if key != PROTOTYPE}

    return CompiledPart(
        run_without_prototype if PROTOTYPE in parts else run, reads_of(parts.values())
    )


def _transform(options: Value) -> CompiledPart:
    if not isinstance(options, dict):
        return throwing('@transform requires an object with an "apply" key and a "mapping" key')
    for key in ("mapping", "apply"):
        if not truthy(options.get(key)):
            return throwing(f'@transform requires a "{key}" key')
    if not isinstance(options["apply"], dict):
        return throwing('@transform "apply" key should be an object')
    apply = _compile_late(options["apply"])
    mapping = _compile(options["mapping"]).run
    return CompiledPart(lambda payload: mapping(apply.run(payload)), apply.reads)


def _compile_late(mapping: Value) -> CompiledPart:
    """Compile a mapping inside a mapping; a mistake in it throws when it runs."""
    try:
        part = _compile_root(mapping)
    except MappingInvalid as refused:
        part = throwing(str(refused))

    def run(payload: Value) -> Value:
        scope = {} if payload is UNDEFINED else payload
        require_object(scope)
        return without_undefined(part.run(scope))

    return CompiledPart(run, part.reads)


def _passthrough(mapping: Value) -> dict[str, str]:
    found: dict[str, str] = {}
    if not isinstance(mapping, dict) or ROOT_KEY in mapping or is_directive(mapping):
        return found
    for name, value in mapping.items():
        path = value.get("@path") if isinstance(value, dict) else None
        if isinstance(path, str) and set(value) <= {"@path", METADATA} and name != PROTOTYPE:
            steps = steps_of(without_root(path))
            if len(steps) == 1 and steps[0] not in OBJECT_MEMBERS:
                found[name] = steps[0]
    return found
