"""Tests that the deliberate defects fit the code. `make mutants` shows whether tests catch them."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tools.mutants.defect import Defect
from tools.mutants.defects import DEFECTS
from tools.mutants.working_copy import LAYER, PACKAGE, ROOT

CODE = ROOT / LAYER / PACKAGE


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: each.name)
def test_a_defect_fits_the_code(defect: Defect) -> None:
    """The text that a defect replaces occurs in its file exactly once, and the result is Python.

    If this fails, the code was changed: adapt the defect to the new code.
    """
    text = (CODE / defect.file).read_text()

    assert text.count(defect.old) == 1
    changed = ast.parse(text.replace(defect.old, defect.new))
    assert ast.dump(changed) != ast.dump(ast.parse(text))


def test_each_defect_has_a_name_of_its_own() -> None:
    """No two defects have the same name, since a defect is chosen by its name."""
    assert not [name for name, times in Counter(each.name for each in DEFECTS).items() if times > 1]
