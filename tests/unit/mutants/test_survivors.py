"""What is explained of mutmut's survivors fits the code as it stands."""

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
    """Its file is named after a module, which has the function, and the lines that are changed.

    Where this fails, the code was changed: look whether the explanation still holds there.
    """
    text = (CODE / (file.stem.replace(".", "/") + ".py")).read_text()
    flat = " ".join(text.split())
    for entry in tomllib.loads(file.read_text())["survivor"]:
        name = entry["in"].rpartition(".")[2].strip("_")

        assert re.search(rf"def _*{name}_*\(", text)
        assert entry["why"]
        assert [each for each in entry["changes"] if each.partition(" → ")[0] not in flat] == []
