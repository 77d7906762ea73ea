"""Asks Segment's engine and ours the same questions, and says where they differ."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from segment_rehook_cli.mapping.evaluate import evaluate

HERE = Path(__file__).parent
ORACLE = HERE / "oracle.js"


def oracle_available() -> bool:
    """Tell whether Node and the packages that `npm ci` installs are there."""
    return shutil.which("node") is not None and (HERE / "node_modules" / "@segment").is_dir()


def ask_engine(lines: Iterable[str]) -> list[str]:
    """Let the engine answer each line; one Node process answers them all."""
    run = subprocess.run(
        ["node", "--stack-size=4000", str(ORACLE)],
        env={**os.environ, "TZ": "UTC", "LC_ALL": "en_US.UTF-8"},
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        encoding="ascii",
        check=True,
    )
    return run.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class Difference:
    """One question with two answers."""

    question: str
    theirs: str
    ours: str


def differences(lines: list[str]) -> tuple[list[Difference], list[str]]:
    """Give where the answers differ, and the engine's answers."""
    theirs = ask_engine(lines)
    ours = list(evaluate(lines))
    pairs = zip(lines, theirs, ours, strict=True)
    return [Difference(*each) for each in pairs if not same(each[1], each[2])], theirs


def same(theirs: str, ours: str) -> bool:
    """Compare two answers letter by letter, but for what the page documents as different.

    A trigger that does not parse has no fixed text; templates are stopped earlier here.
    """
    if theirs == ours:
        return True
    if "template render limit exceeded" in theirs:
        return True  # half a second was not enough on this machine
    error = json.loads(ours).get("error")
    return error is not None and ("does not parse" in theirs or "memory alloc limit" in error)
