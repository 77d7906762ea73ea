"""docs/settings.md: its examples of traits do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segment_rehook.rehook.trait_checks import TRAIT_CHECKS
from tests.unit.rehook.test_settings import identify, plan

PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()


def test_the_page_s_example_of_trait_names_gives_what_the_page_says() -> None:
    """The page's example of `traitNames` gives what the page says, with the warning."""
    example = PAGE.partition("```json traitNames\n")[2].partition("```")[0]
    traits, sent = re.findall(r"traits `(.*?)` are sent as\s`(.*?)`", PAGE)[0]
    warning = re.findall(r"warns: \*(.*?)\*", PAGE, re.DOTALL)[0].replace("\n", " ")
    entry = plan(identify(**json.loads(traits)), traitNames=json.loads(example))
    assert json.loads(entry.request.body)["metadata"] == json.loads(sent)
    assert entry.warnings == (warning,)


@pytest.mark.parametrize("check", TRAIT_CHECKS)
def test_the_page_s_examples_of_checks_pass_and_fail_as_it_says(check: str) -> None:
    """Each check has a row on the page, whose examples pass or fail as it says."""
    row = re.findall(rf"^\| `{check}`: .*? \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)[0]
    good, bad = (list(map(json.loads, re.findall("`(.*?)`", cell))) for cell in row)
    assert good
    assert bad
    for value in (*good, *bad):
        entry = plan(identify(t=value), traitNames={"t": {"name": "p", "check": check}})
        assert bool(entry.warnings) is (value in bad)
