"""Fixtures: one sandbox over a small stack for all tests, and the command `tools.sandbox`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STACK = Path(__file__).parent / "stack" / "template.yaml"

FULL = """
import errno, os, shutil
def full(source, target, **_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
os.link = shutil.copy2 = full
"""
"""A ``sitecustomize`` of an interpreter for which the disk is full."""


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    """Start the sandbox once."""
    with Sandbox(built=STACK, parameters={"Greeting": "hi"}) as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Iterator[Sandbox]:
    """Give the sandbox; remove all faults after each test."""
    yield running
    running.rehook.clear()
    running.aws.clear()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Make the folder for temporary files that the command uses."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def command(scratch: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that starts `up` on the tests' stack; end its processes after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.sandbox", "up", "--template", str(STACK), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(scratch), "XDG_RUNTIME_DIR": "", **variables},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read the line of JSON that `up` prints when the sandbox is ready."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


def ran(
    *arguments: str, text: str = "", **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """Run a command of `tools.sandbox` to its end. A variable that is None is not set."""
    none = {"SANDBOX_CONTROL": None, "SHARED_SECRET": None, "XDG_RUNTIME_DIR": "/nonexistent"}
    environment = {**os.environ, **none, **variables}
    return subprocess.run(
        [sys.executable, "-m", "tools.sandbox", *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={name: value for name, value in environment.items() if value is not None},
    )
