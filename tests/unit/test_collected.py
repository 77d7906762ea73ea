"""Every test is run: pytest passes over no folder that has one."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def test_no_folder_with_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    """No folder of a test file has a name that pytest does not look into."""
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    names = {name for folder in folders for name in folder.parts if name != "node_modules"}
    assert {"build", "unit"} <= names
    for pattern in pytestconfig.getini("norecursedirs"):
        assert not [name for name in names if fnmatch(name, pattern)]
