"""The running sandbox, found without any variable: each describes itself in a file of its user.

The file is `<process id>.json`, in `$XDG_RUNTIME_DIR/segment-rehook`, or in `segment-rehook-<user
id>` of the folder for temporary files. Only the user can write to either. SANDBOX_CONTROL, where it
is set, chooses a sandbox by its control address instead.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

__all__ = ["CONTROL_VARIABLE", "NoSandbox", "RunningSandbox", "find", "private_folder", "started"]

CONTROL_VARIABLE: Final = "SANDBOX_CONTROL"
"""The environment variable that holds the control address of a sandbox."""

CONTROL_SECONDS: Final = 10.0
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_UP: Final = "python -m tools.sandbox up"


class NoSandbox(Exception):
    """There is no sandbox to be used, or no single one; the text is one line for a person."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox: its stack's name, and the variables with which AWS's library finds it."""

    stack: str
    environment: Mapping[str, str]


def find(environ: Mapping[str, str] = os.environ) -> RunningSandbox:
    """Return the one running sandbox. Raises NoSandbox. `environ`: the variables to go by."""
    control = environ.get(CONTROL_VARIABLE)
    if control:
        return _asked(control)
    running = dict(_running(private_folder(environ)))
    if not running:
        raise NoSandbox(f"no sandbox runs: start one with {_UP}, or set {CONTROL_VARIABLE}")
    if len(running) > 1:
        addresses = ", ".join(
            f"{CONTROL_VARIABLE}={each.environment.get(CONTROL_VARIABLE, '?')} (process {pid})"
            for pid, each in sorted(running.items())
        )
        raise NoSandbox(f"{len(running)} sandboxes run; choose one with {addresses}")
    return running.popitem()[1]


def private_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the files; it need not be there. Raises NoSandbox if it is not safe."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if Path(runtime).is_absolute():
        folder = Path(runtime) / "segment-rehook"
    else:
        folder = Path(tempfile.gettempdir()) / f"segment-rehook-{os.geteuid()}"
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or not _owned(found):
            raise NoSandbox(f"{folder} is not a folder that only you can write to: remove it")
    return folder


def started(pid: int) -> str | None:
    """Tell when a process started, so that it is not taken for a later one of its number.

    Returns None if there is no such process. The text is to be compared only: the clock ticks since
    the machine's start (Linux, proc(5)).
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name of the program, in brackets, is the second field, and may itself contain anything.
    return text.rpartition(b")")[2].split()[19].decode()


def _owned(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE


def _running(folder: Path) -> Iterator[tuple[int, RunningSandbox]]:
    """Yield each described sandbox that runs, and remove the file of each that has ended."""
    for file in sorted(folder.glob("*.json")):
        if not file.stem.isdecimal():
            continue
        pid = int(file.stem)
        try:
            described = _read(file)
        except FileNotFoundError:
            continue  # it has ended in this moment
        if described.get("started") is None or described["started"] != started(pid):
            file.unlink(missing_ok=True)
            continue
        yield pid, _decoded(described, str(file))


def _read(file: Path) -> dict[str, Any]:
    """Read a file. Raises FileNotFoundError, and NoSandbox unless only the user can write to it."""
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NoSandbox(f"{file}: {error.strerror}: remove it") from None
    with os.fdopen(opened, "rb") as lines:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or not _owned(found):
            raise NoSandbox(f"{file} is not a file that only you can write to: remove it")
        try:
            described = json.loads(lines.read())
        except ValueError:
            described = None
    if not isinstance(described, dict):
        raise NoSandbox(f"{file} does not describe a sandbox: remove it")
    return described


def _decoded(described: Any, where: str) -> RunningSandbox:
    match described:
        case {"stack": str(stack), "environment": dict(environment)} if all(
            isinstance(value, str) for value in environment.values()
        ):
            return RunningSandbox(stack, environment)
    raise NoSandbox(f"{where} does not describe a sandbox: is it one of another version?")


def _address(control: str) -> tuple[str, int | None]:
    with contextlib.suppress(ValueError):  # of brackets, or of a port
        address = urlsplit(control)
        if address.scheme == "http" and address.hostname:
            return address.hostname, address.port
    raise NoSandbox(f"{CONTROL_VARIABLE} {control} is no address such as http://127.0.0.1:41851")


def _asked(control: str) -> RunningSandbox:
    """Ask a sandbox for its description at its control address."""
    where = f"{CONTROL_VARIABLE} {control}"
    host, port = _address(control)
    connection = http.client.HTTPConnection(host, port, timeout=CONTROL_SECONDS)
    try:
        connection.request("GET", "/sandbox")
        described = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        raise NoSandbox(
            f"no sandbox answers at {where}: unset it, or start a sandbox with {_UP}"
        ) from None
    except ValueError:
        described = None
    finally:
        connection.close()
    return _decoded(described, where)
