"""docs/mapping-language.md against what runs: no Node needed."""

from __future__ import annotations

import pytest

from segment_rehook.mapping.directives import DIRECTIVES
from segment_rehook.mapping.fql_conditions import OPERATORS
from segment_rehook.mapping.liquid.filters import DISABLED, filters
from segment_rehook.mapping.liquid.tags import TAGS
from segment_rehook_cli.mapping.evaluate import evaluate
from tools.bench.documented import PAGE, Documented, as_documented, documented_cases


@pytest.mark.parametrize(
    "case", documented_cases(), ids=lambda case: f"{case.name}: {case.question}"
)
def test_an_example_gives_what_the_page_says(case: Documented) -> None:
    """Each row of the page's tables is what `segment-rehook evaluate` answers."""
    assert [as_documented(answer) for answer in evaluate([case.question])] == [case.gives]


def test_every_directive_tag_and_filter_has_an_example_or_is_said_to_be_disabled() -> None:
    """The page names every directive, tag and filter that the engine understands."""
    documented = {word for case in documented_cases() for word in case.name.split()}
    page = PAGE.read_text(encoding="utf-8")
    assert set(DIRECTIVES) | {"@transform"} <= documented
    assert set(TAGS) - documented <= {name for name in TAGS if f"`{name}`" in page}
    assert set(filters(float)) - set(DISABLED) <= documented
    assert all(f"`{name}`" in page for name in DISABLED)


def test_every_operator_that_segment_writes_has_an_example() -> None:
    """The page has an example for every operator that Segment's screens write."""
    documented = {case.name for case in documented_cases()}
    assert {
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "contains",
        "!contains",
        "match",
        "!match",
    } <= documented
    assert {"and", "or", "( )", "!( )"} <= documented
    assert set(OPERATORS) >= {"=", "!=", "<", "<=", ">", ">="}
