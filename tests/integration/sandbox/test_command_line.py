"""Tests of the command line on the built bridge, with the variables that `up` prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sandbox.conftest import FULL, ran
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = CHECKOUT / "events"
PROGRAM = Path(sys.executable).with_name("segment-rehook")

Rehook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def bridge() -> Iterator[Sandbox]:
    """Start the built bridge, with one event that Rehook refused in its parking lot."""
    build()
    with Sandbox() as box:
        names = ("identify-customer", "identify-taken-referral-code")
        sent = ran(
            "send",
            *(str(EVENTS / f"{name}.json") for name in names),
            **box.description().environment,
        )
        assert sent.returncode == 0, sent.stderr
        yield box


@pytest.fixture
def rehook(bridge: Sandbox) -> Rehook:
    """Give a function that runs `segment-rehook` with the sandbox's AWS variables and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=kept | bridge.description().environment,
        )

    return run


def test_failures_shows_what_is_parked_and_sends_it_back(bridge: Sandbox, rehook: Rehook) -> None:
    """`failures list` shows the parked message, and `failures redrive` sends it back to redrive."""
    stack = ("--stack", bridge.stack.name)
    listed = rehook("failures", "list", *stack, "--json")
    assert listed.returncode == 0, listed.stderr
    counts, row = [json.loads(line) for line in listed.stdout.splitlines()]
    assert counts["messages"] == 1
    assert row["reason"] == "rejected"
    since = len(bridge.log)
    sent = rehook("failures", "redrive", *stack, "--delivery", row["delivery"], "--yes")
    assert sent.returncode == 0, sent.stderr
    again = bridge.log.wait_for(
        lambda line: (line.entry or {}).get("delivery") == row["delivery"], since=since
    )
    assert again.function == "RedriveFunction"


def test_mode_is_shown_and_set(bridge: Sandbox, rehook: Rehook) -> None:
    """`mode` shows the mode, and sets it in the parameter that the functions read."""
    stack = ("--stack", bridge.stack.name)
    assert "deliver" in rehook("mode", *stack).stdout
    assert rehook("mode", *stack, "pause").returncode == 0
    found = bridge.ssm.get_parameter(Name=bridge.secret_path("mode"))
    assert found["Parameter"].get("Value") == "pause"
    assert rehook("mode", *stack, "deliver").returncode == 0


def test_secrets_are_put(bridge: Sandbox, rehook: Rehook) -> None:
    """`secrets put` writes the value to the parameter that the functions read."""
    stack = ("--stack", bridge.stack.name)
    made_up = "0f" * 32
    done = rehook("secrets", "put", *stack, "segment/shared-secrets", text=made_up)
    assert done.returncode == 0, done.stderr
    name = bridge.secret_path("segment/shared-secrets")
    found: Any = bridge.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Value"] == made_up


def test_a_stack_that_does_not_exist_is_refused(rehook: Rehook) -> None:
    """A stack that does not exist is refused with exit code 3 and a sentence that names it."""
    done = rehook("failures", "list", "--stack", "other")
    assert done.returncode == 3
    assert "there is no stack other" in done.stderr


@pytest.mark.usefixtures("bridge")
def test_a_demo_that_does_not_start_says_why(tmp_path: Path) -> None:
    """If its sandbox can't start, the demo prints the sandbox's sentence and exits with code 1."""
    (tmp_path / "sitecustomize.py").write_text(FULL)
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"The sandbox does not start: no space is left in {tmp_path}; ")
    assert [each.name for each in tmp_path.iterdir() if each.is_dir()] in ([], ["__pycache__"])
