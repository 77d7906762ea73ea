"""Tests of `diff` on the running sandbox: the stack's destination against a candidate."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = [str(file) for file in sorted((CHECKOUT / "events").glob("*.json"))]
SHIPPED = CHECKOUT / "layers" / "destination" / "destination.json"
PROGRAM = Path(sys.executable).with_name("segment-rehook")

Diff = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def bridge() -> Iterator[Sandbox]:
    """Start the built bridge."""
    build()
    with Sandbox() as box:
        yield box


@pytest.fixture
def diff(bridge: Sandbox) -> Diff:
    """Give a function that runs `diff` on the sandbox, over the sample events."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "diff", *arguments, "--json", "--events", *EVENTS],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=kept | bridge.description().environment | {"SANDBOX_CONTROL": bridge.control_url},
        )

    return run


@pytest.mark.parametrize("where", [["--sandbox"], ["--stack", "segment-rehook-sandbox"]])
def test_the_deployed_file_does_not_differ_from_itself(diff: Diff, where: list[str]) -> None:
    """The file that the functions run is read, by either way to name the sandbox's stack."""
    result = diff(*where, "--destination", str(SHIPPED))
    assert result.returncode == 0, result.stderr
    [counts] = map(json.loads, result.stdout.splitlines())
    version = hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:12]
    assert counts["base"]["version"] == counts["candidate"]["version"] == version
    assert counts["events"] == counts["unchanged"] > 0


def test_what_runs_is_compared_and_not_what_the_checkout_has(
    diff: Diff, bridge: Sandbox, tmp_path: Path
) -> None:
    """After another file went live, it is the base; the candidate's changes are counted."""
    live = tmp_path / "live.json"
    live.write_text(SHIPPED.read_text().replace('"type = \\"track\\""', '"type = \\"page\\""'))
    assert live.read_text() != SHIPPED.read_text()
    bridge.reload(live)
    try:
        result = diff("--sandbox", "--destination", str(SHIPPED))
        assert diff("--sandbox", "--destination", str(live)).returncode == 0
    finally:
        bridge.reload(SHIPPED)
    assert result.returncode == 1, result.stderr
    counts, *examples = map(json.loads, result.stdout.splitlines())
    assert counts["base"]["version"] == hashlib.sha256(live.read_bytes()).hexdigest()[:12]
    [track] = [each for each in counts["subscriptions"] if each["id"] == "track-event"]
    assert track["newlySent"] > 0
    assert {each["effect"] for each in examples} >= {"newlySent"}
