"""Tests that the commands on docs/redrive.md can be run as they are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "redrive.md").read_text()
COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    ")]


def test_every_variable_is_set_where_it_can_be() -> None:
    """Each variable is assigned before its use, and each output is one of the template."""
    known: set[str] = {"1"}
    for line in COMMANDS:
        used = set(re.findall(r"\$([A-Z_a-z0-9]+)", line))
        assert used <= known, line
        known |= set(re.findall(r"^([A-Z_]+)=", line))
    asked_for = set(re.findall(r"output ([A-Za-z]+)\)", PAGE))
    outputs = (ROOT / "template.yaml").read_text().partition("\nOutputs:\n")[2]
    assert asked_for
    assert asked_for <= set(re.findall(r"^  (\w+):$", outputs, re.MULTILINE))
