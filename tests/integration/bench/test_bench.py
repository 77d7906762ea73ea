"""The bench runs every part, and writes what it found; how fast anything is stays out of tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.bench import __main__ as bench
from tools.bench import calls, measure, page, workers
from tools.bench.measure import Row, Spread, Target

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """A run of every part on tiny counts: its rows, by part."""
    out = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(measure, "ROUNDS", 1)
        patched.setattr(calls, "CALLS", 16)
        assert bench.main(["--smoke", "--out", str(out)]) == 0
    parts = json.loads((out / "performance.json").read_text())["parts"]
    return {name: [Row.read(raw) for raw in rows] for name, rows in parts.items()}
