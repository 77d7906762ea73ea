"""Tests that the explanations of mutmut's survivors fit the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tools.mutants.generated import SURVIVORS
from tools.mutants.working_copy import LAYER, PACKAGE, ROOT

CODE = ROOT / LAYER / PACKAGE
FILES = sorted(SURVIVORS.glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_explanation_fits_the_code(file: Path) -> None:
    """The file of an explanation names a module, which has the function and the lines it explains.

    If this fails, the code was changed: check that the explanation still holds.
    """
    text = (CODE / (file.stem.replace(".", "/") + ".py")).read_text()
    flat = " ".join(text.split())
    for entry in tomllib.loads(file.read_text())["survivor"]:
        name = entry["in"].rpartition(".")[2].strip("_")

        assert re.search(rf"def _*{name}_*\(", text)
        assert entry["why"]
        assert [each for each in entry["changes"] if each.partition(" → ")[0] not in flat] == []
