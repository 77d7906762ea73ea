"""Mappings: what is refused, where and in which words, what they read, and what they give."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from segment_rehook.mapping.errors import MappingError, MappingInvalid
from segment_rehook.mapping.liquid.template import compile_liquid
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.mapping.values import UNDEFINED


def mistakes(mapping: object) -> dict[str, str]:
    """Give the mistakes by place."""
    with pytest.raises(MappingInvalid) as refused:
        compile_mapping(mapping)
    return {mistake.path: mistake.message for mistake in refused.value.mistakes}


def test_every_mistake_is_named_with_its_place() -> None:
    """All mistakes of a mapping are named at once, each with its place."""
    assert mistakes(
        {
            "source_id": {"@if": {"exists": {"@bogus": 1}, "then": {"@path": 5}}},
            "metadata": {"@case": 3},
            "code": {"@merge": {"objects": [{}, 5], "direction": "up"}},
        }
    ) == {
        "source_id.@if.exists": "has an invalid directive: @bogus",
        "source_id.@if.then.@path": (
            "should be a string or a mapping directive but it is a number"
        ),
        "metadata.@case": "should be an object but it is a number",
        "code.@merge.direction": 'should be one of left, right but it is "up"',
    }


def test_a_place_inside_merge_is_named_though_the_engine_forgets_it() -> None:
    """A mistake inside `@merge` has its full place, and the engine's own sentence beside it."""
    with pytest.raises(MappingInvalid, match=r"^/@path should be a string") as refused:
        compile_mapping({"@merge": {"objects": [{}, {"@path": 5}]}})
    assert [mistake.path for mistake in refused.value.mistakes] == ["@merge.objects.1.@path"]


def test_what_stands_in_a_list_is_found_out_when_it_runs() -> None:
    """A mistake inside a list is found when the mapping runs, as at Segment."""
    compiled = compile_mapping({"a": [{"@bogus": 1}]})
    with pytest.raises(MappingError, match=r"^@bogus is not a valid directive, got undefined$"):
        compiled({})


@pytest.mark.parametrize(
    ("mapping", "reads"),
    [
        ({"a": {"@path": "$.traits.email"}}, {"traits"}),
        ({"a": {"@template": "{{userId}}-{{context.ip}}"}}, {"userId", "context"}),
        ({"a": {"@template": "{{{userId}}}"}}, None),
        ({"a": {"@path": "$."}}, None),
        ({"a": {"@path": {"@path": "$.where"}}}, None),
        ({"a": {"@arrayPath": ["$.items", {"b": {"@path": "$.context"}}]}}, {"items"}),
        (
            {"a": {"@transform": {"apply": {"x": {"@path": "$.id"}}, "mapping": {"@path": "$.y"}}}},
            {"id"},
        ),
        ({"a": {"@liquid": "{{ traits.name | default: userId }}"}}, {"traits", "userId"}),
        ({"a": {"@liquid": "{{ ['traits'] }}"}}, None),
        ({"a": "constant"}, set()),
    ],
)
def test_a_mapping_knows_what_it_reads(mapping: object, reads: set[str] | None) -> None:
    """`reads` is known after compiling, and is None where only the event can tell."""
    assert compile_mapping(mapping).reads == reads


def test_whole_members_pass_through() -> None:
    """Only fields that copy an own top-level member pass through; inherited members do not."""
    compiled = compile_mapping(
        {
            "metadata": {"@path": "$.properties"},
            "other": {"@path": "['traits']", "_metadata": {}},
            "deep": {"@path": "$.properties.a"},
            "odd": {"@path": "$.toString"},
            "root": {"@path": "$."},
            "text": {"@template": "{{userId}}"},
        }
    )
    assert compiled.passthrough == {"metadata": "properties", "other": "traits"}


def test_undefined_keeps_its_place_in_lists_where_the_engine_keeps_it() -> None:
    """`resolve` keeps UNDEFINED in lists as the engine does; a call gives the JSON for it."""
    compiled = compile_mapping({"a": [{"@path": "$.no"}, None], "b": {"@path": "$.no"}})
    assert compiled.resolve({}) == {"a": [UNDEFINED, None]}
    assert compiled({}) == {"a": [None, None]}


def test_keys_come_in_javascript_s_order() -> None:
    """Keys that are array indexes come first, in the order of their numbers."""
    mapped = compile_mapping({"b": 1, "10": 2, "9": 3, "01": 4})({})
    assert isinstance(mapped, dict)
    assert list(mapped) == ["9", "10", "b", "01"]


def test_liquid_takes_now_from_the_clock_that_it_is_given() -> None:
    """Liquid reads the time only from the clock that it is given."""
    part = compile_liquid('{{ "now" | date: "%Y-%m-%d" }}', clock=lambda: 86_400.0)
    assert part.run({}) == "1970-01-02"


def test_liquid_is_imported_only_where_a_mapping_uses_it() -> None:
    """A mapping without Liquid does not import the Liquid engine."""
    engine = "segment_rehook.mapping.liquid.template"
    script = (
        "import sys; from segment_rehook.mapping.mapping import compile_mapping as c; "
        f"c({{'a': {{'@template': '{{{{b}}}}'}}}}); print('{engine}' in sys.modules); "
        f"c({{'a': {{'@liquid': '{{{{b}}}}'}}}}); print('{engine}' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["False", "True"]
