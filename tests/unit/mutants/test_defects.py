"""The deliberate defects fit the code. Whether tests catch them, `make mutants` tells."""

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
    """A defect's text stands in its file exactly once, and what results is Python.

    Where this fails, the code was changed: carry the defect over to the new code.
    """
    text = (CODE / defect.file).read_text()

    assert text.count(defect.old) == 1
    changed = ast.parse(text.replace(defect.old, defect.new))
    assert ast.dump(changed) != ast.dump(ast.parse(text))


def test_each_defect_has_a_name_of_its_own() -> None:
    """No two defects have one name, by which it can be run alone."""
    assert not [name for name, times in Counter(each.name for each in DEFECTS).items() if times > 1]
