"""Tests of how commands find a running sandbox: by its file, or by SANDBOX_CONTROL."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from segment_rehook_cli.stack.running_sandbox import NoSandbox, find, private_folder
from tests.integration.sandbox.conftest import STACK, ran, ready
from tests.integration.sandbox.test_command import until
from tools.sandbox import Sandbox

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_up_is_found_until_it_ends(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    """`up` writes a file that only the user can read, and the file goes with the process."""
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run")}
    process = command("--port", "0", "--json", **environ)
    line = ready(process)
    found = find(environ)
    assert (found.stack, found.environment) == (line["stack"], line["environment"])
    folder = private_folder(environ)
    [file] = folder.iterdir()
    assert file.name == f"{process.pid}.json"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    process.send_signal(number)
    process.communicate(timeout=10)
    until(lambda: not folder.exists())


def test_send_needs_no_address(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Without a variable and an option, `send` finds the sandbox; a second one must be chosen."""
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    ready(command("--port", "0", "--json", **environ))
    event = '{"type": "track", "event": "a", "userId": "u", "messageId": "m"}'
    assert ran("send", text=event, **environ).returncode == 0
    line = ready(command("--port", "0", "--json", **environ))
    refused = ran("send", text=event, **environ)
    assert refused.returncode == 2
    assert "2 sandboxes run" in refused.stderr
    assert ran("send", text=event, SANDBOX_CONTROL=line["control"], **environ).returncode == 0


def test_the_variable_wins(box: Sandbox, tmp_path: Path) -> None:
    """The sandbox at the address of SANDBOX_CONTROL is used, whatever the folder holds."""
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "SANDBOX_CONTROL": box.control_url}
    found = find(environ)
    assert found.stack == box.stack.name
    assert found.environment == box.description().environment
    with pytest.raises(NoSandbox, match="does not describe a sandbox"):
        find({**environ, "SANDBOX_CONTROL": box.aws.api_url})
    with pytest.raises(NoSandbox, match="no sandbox answers"):
        find({**environ, "SANDBOX_CONTROL": "http://127.0.0.1:9"})


def test_a_sandbox_within_a_program_is_found_where_it_asks(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Sandbox()` writes no file; with `announce` it does."""
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Sandbox(built=STACK) as silent:
        assert silent.description().stack == box.stack.name
        with pytest.raises(NoSandbox, match="no sandbox runs"):
            find(environ)
    with Sandbox(built=STACK, announce=True) as shown:
        assert find(environ).environment == shown.description().environment
        assert (private_folder(environ) / f"{os.getpid()}.json").exists()
    assert not private_folder(environ).exists()
