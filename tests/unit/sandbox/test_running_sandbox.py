"""Tests of finding the running sandbox by the file that describes it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from segment_rehook_cli.stack.running_sandbox import NoSandbox, find, private_folder, started

CONTROL = "http://127.0.0.1:1"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give the variables of a user who has a folder of their own for what runs."""
    return {"XDG_RUNTIME_DIR": str(tmp_path)}


def describe(environ: dict[str, str], pid: int | None = None, **changes: Any) -> Path:
    """Write the file of a sandbox that is this process, or process `pid`."""
    folder = private_folder(environ)
    folder.mkdir(mode=0o700, exist_ok=True)
    number = pid or os.getpid()
    file = folder / f"{number}.json"
    described = {
        "stack": "a-sandbox",
        "environment": {"AWS_REGION": "us-east-1", "SANDBOX_CONTROL": CONTROL},
        "started": started(number),
        **changes,
    }
    file.write_text(json.dumps(described))
    file.chmod(0o600)
    return file


def test_the_one_that_runs_is_found(environ: dict[str, str]) -> None:
    """The name of its stack and its variables are those of the file."""
    describe(environ)
    (private_folder(environ) / "notes.json").write_text("no process")
    found = find(environ)
    assert found.stack == "a-sandbox"
    assert found.environment == {"AWS_REGION": "us-east-1", "SANDBOX_CONTROL": CONTROL}


@pytest.mark.parametrize("runtime", ["", "relative"])
def test_without_a_runtime_folder_it_is_the_one_for_temporary_files(runtime: str) -> None:
    """A variable that is absent or no absolute path is not used, and the user is in the name."""
    folder = private_folder({"XDG_RUNTIME_DIR": runtime})
    assert folder.parent == Path(tempfile.gettempdir())
    assert folder.name == f"segment-rehook-{os.geteuid()}"


def test_none_says_how_to_start_one(environ: dict[str, str]) -> None:
    """Neither a missing folder nor an empty one holds a sandbox."""
    with pytest.raises(NoSandbox, match=r"^no sandbox runs: start one with python -m "):
        find(environ)
    private_folder(environ).mkdir(mode=0o700)
    with pytest.raises(NoSandbox, match="no sandbox runs"):
        find(environ)


@pytest.mark.parametrize("began", ["1", "", None])
def test_the_file_of_a_process_that_has_ended_is_removed(
    environ: dict[str, str], began: str | None
) -> None:
    """A process that has the number now, but started at another time, is not the sandbox."""
    left = describe(environ, started=began)
    with pytest.raises(NoSandbox, match="no sandbox runs"):
        find(environ)
    assert not left.exists()


def test_a_number_without_a_process_has_ended(environ: dict[str, str]) -> None:
    """A file of a process that there is no more is removed."""
    left = describe(environ, pid=2**22 + 1)
    with pytest.raises(NoSandbox, match="no sandbox runs"):
        find(environ)
    assert not left.exists()


def test_of_several_one_must_be_chosen(environ: dict[str, str]) -> None:
    """The error names the variable with the address of each, and it is one line."""
    describe(environ)
    other = {"SANDBOX_CONTROL": "http://127.0.0.1:2"}
    describe(environ, pid=os.getppid(), environment=other)
    with pytest.raises(NoSandbox) as caught:
        find(environ)
    said = str(caught.value)
    assert "2 sandboxes run" in said
    assert f"SANDBOX_CONTROL={CONTROL} (process {os.getpid()})" in said
    assert "SANDBOX_CONTROL=http://127.0.0.1:2" in said
    assert "\n" not in said


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_to_is_refused(environ: dict[str, str], mode: int) -> None:
    """What is in such a folder may be another user's."""
    describe(environ)
    private_folder(environ).chmod(mode)
    with pytest.raises(NoSandbox, match="not a folder that only you can write to"):
        find(environ)


def test_a_link_in_place_of_the_folder_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    """A link, or a file, is no folder of the user's own."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "segment-rehook").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoSandbox, match="not a folder"):
        find(environ)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_to_is_refused(environ: dict[str, str], mode: int) -> None:
    """The error names the file."""
    file = describe(environ)
    file.chmod(mode)
    with pytest.raises(NoSandbox, match=re.escape(f"{file} is not a file that only you")):
        find(environ)
    assert file.exists()


def test_a_link_in_place_of_the_file_is_not_followed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """A link to a file of the user's own is refused as well."""
    file = describe(environ)
    file.rename(tmp_path / "target")
    file.symlink_to(tmp_path / "target")
    with pytest.raises(NoSandbox, match="remove it"):
        find(environ)


@pytest.mark.parametrize(
    "changes", [{"stack": None}, {"environment": []}, {"environment": {"AWS_REGION": 1}}]
)
def test_a_file_that_says_something_else_is_refused(
    environ: dict[str, str], changes: dict[str, Any]
) -> None:
    """A member that is missing or of another type is an error of one line."""
    describe(environ, **changes)
    with pytest.raises(NoSandbox, match="does not describe a sandbox"):
        find(environ)


@pytest.mark.parametrize("text", ["", "{", "[]", "\udc80"])
def test_a_file_that_is_no_object_is_refused(environ: dict[str, str], text: str) -> None:
    """It may be cut off, or not be JSON at all."""
    describe(environ).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(NoSandbox, match="does not describe a sandbox"):
        find(environ)


@pytest.mark.parametrize("control", ["text", "https://x", "http://", "http://[", "http://a:b"])
def test_an_address_that_is_none_is_refused(environ: dict[str, str], control: str) -> None:
    """SANDBOX_CONTROL wins over the files, and a mistake in it is named."""
    describe(environ)
    with pytest.raises(NoSandbox, match=r"is no address such as http://127\.0\.0\.1"):
        find({**environ, "SANDBOX_CONTROL": control})
