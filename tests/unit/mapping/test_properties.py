"""What must hold of the language whatever the input."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.mapping.errors import (
    STACK_EXHAUSTED,
    LanguageError,
    MappingError,
    MappingInvalid,
    TriggerInvalid,
)
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.liquid.template import compile_liquid
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.mapping.values import UNDEFINED
from segment_rehook.segment.jsontext import encode
from tests.conformance.generated.cases import generate
from tests.conformance.generated.mappings import mapping_case
from tests.conformance.generated.templates import template_case
from tests.conformance.generated.triggers import trigger_case

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
Make: TypeAlias = "Callable[[Random], dict[str, object]]"
SEEDS = st.integers(0, 2**32 - 1)


def outcome(mapping: object, payload: object) -> tuple[str, object]:
    """Give a mapping's result as text, or its error; anything else raised is a failure."""
    try:
        result = compile_mapping(mapping)(payload)
    except LanguageError as error:
        return type(error).__name__, str(error)
    return "result", repr(result)


@given(mapping=ANY_JSON, payload=ANY_JSON)
def test_a_mapping_raises_the_language_s_errors_alone(mapping: object, payload: object) -> None:
    """Any JSON as a mapping, on any JSON, gives a result, MappingInvalid or MappingError."""
    outcome(mapping, payload)


@given(name=st.sampled_from(["@path", "@template", "@liquid"]), text=ANY_TEXT, payload=ANY_JSON)
def test_a_text_raises_the_language_s_errors_alone(name: str, text: str, payload: object) -> None:
    """Any text as a path or a template gives a result, MappingInvalid or MappingError."""
    outcome({"field": {name: text}}, {"a": payload})


@given(fql=ANY_TEXT, event=ANY_JSON)
def test_a_trigger_raises_the_language_s_errors_alone(fql: str, event: object) -> None:
    """Any text as a trigger parses or is TriggerInvalid, and then answers or is a MappingError."""
    with suppress(TriggerInvalid, MappingError):
        assert compile_trigger(fql).holds(event) in {True, False}


@given(SEEDS)
def test_results_can_be_encoded(seed: int) -> None:
    """What a mapping gives is JSON: the request's body can be written."""
    case = mapping_case(Random(seed))
    try:
        result = compile_mapping(case["mapping"])(case["input"])
    except LanguageError:
        return
    if result is not UNDEFINED:
        json.loads(encode(result))


@pytest.mark.parametrize("make", [mapping_case, template_case])
@given(seed=SEEDS)
def test_the_parts_that_are_read_suffice(
    make: Callable[[Random], dict[str, object]], seed: int
) -> None:
    """With the members that `reads` names alone, the result is the same."""
    case = make(Random(seed))
    mapping, payload = case["mapping"], case["input"]
    try:
        reads = compile_mapping(mapping).reads
    except MappingInvalid:
        return
    if reads is not None and isinstance(payload, dict):
        parts = {name: value for name, value in payload.items() if name in reads}
        assert outcome(mapping, parts) == outcome(mapping, payload)


@given(SEEDS)
def test_the_parts_that_a_trigger_reads_suffice(seed: int) -> None:
    """With the members that a trigger's `reads` names alone, the answer is the same."""
    case = trigger_case(Random(seed))
    fql, event = case["fql"], case["event"]
    if not isinstance(fql, str) or not isinstance(event, Mapping):
        return
    try:
        trigger = compile_trigger(fql)
        whole = trigger.holds(event)
    except LanguageError:
        return
    assert trigger.holds({name: event[name] for name in event if name in trigger.reads}) is whole


@given(SEEDS)
def test_a_mapping_leaves_the_payload_as_it_was(seed: int) -> None:
    """A mapping does not change the payload, even where a template counts in it."""
    case = template_case(Random(seed))
    before = repr(case["input"])
    outcome(case["mapping"], case["input"])
    assert repr(case["input"]) == before


@given(SEEDS)
def test_a_compiled_mapping_gives_the_same_each_time(seed: int) -> None:
    """A compiled mapping keeps nothing from one event to the next."""
    case = mapping_case(Random(seed))
    try:
        compiled = compile_mapping(case["mapping"])
        first = repr(compiled(case["input"]))
    except LanguageError:
        return
    assert repr(compiled(case["input"])) == first


@given(SEEDS)
def test_what_passes_through_is_copied_whole(seed: int) -> None:
    """A field that `passthrough` names holds what the event has there."""
    case = mapping_case(Random(seed))
    payload = case["input"]
    try:
        compiled = compile_mapping(case["mapping"])
        result = compiled(payload)
    except LanguageError:
        return
    for field, member in compiled.passthrough.items():
        assert isinstance(payload, dict)
        assert isinstance(result, dict)
        assert (field in result) is (member in payload)
        if isinstance(payload.get(member), str | int | float | bool):
            assert result[field] == payload[member]


def test_nesting_too_deep_to_follow_is_an_error_of_the_language() -> None:
    """Nesting that is too deep gives the engine's own error, not a RecursionError."""
    deep: object = {"@path": "$.a"}
    for _ in range(5_000):
        deep = {"@literal": deep}
    with pytest.raises(MappingInvalid, match=STACK_EXHAUSTED):
        compile_mapping({"field": deep})
    payload: object = 1
    for _ in range(5_000):
        payload = [payload]
    with pytest.raises(MappingError, match=STACK_EXHAUSTED):
        compile_mapping({"field": {"@template": "{{a}}"}})({"a": payload})


def test_a_template_can_not_run_away() -> None:
    """A template that doubles its own text is stopped before it fills the memory."""
    doubling = "{% capture a %}{{a}}{{a}}{% endcapture %}" * 22
    part = compile_liquid("{% assign a = 'xxxxxxxxxxxxxxxx' %}" + doubling)
    with pytest.raises(MappingError, match="memory alloc limit exceeded"):
        part.run({})
    with pytest.raises(MappingError, match="memory alloc limit exceeded"):
        compile_liquid("{{ (1..100000000) | size }}").run({})


def test_generated_cases_are_the_same_for_the_same_seed() -> None:
    """A difference that a run finds can be found again."""
    assert list(generate("mapping", 5, 20)) == list(generate("mapping", 5, 20))
    assert list(generate("mapping", 5, 20)) != list(generate("mapping", 6, 20))
