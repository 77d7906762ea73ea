"""`python -m tools.wheel`: build the wheel into dist/, install it, and try the installed command.

The environment is new: it holds the wheel and its dependencies, in the versions and by the hashes
of requirements/dev.txt. Each command runs in a folder with a destination and an event, and must
give the same exit code and the same output as the command of the checkout.

The exit code is 1 if a command does not, or if the wheel can't be built or installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.wheel.build import ROOT, build

DIST = ROOT / "dist"
LOCK = ROOT / "requirements" / "dev.txt"
SAMPLES = (
    ROOT / "layers" / "destination" / "destination.json",
    ROOT / "events" / "track-order-completed.json",
)
OWN_BIN = Path(sys.executable).parent
# No credentials, and no search for them: a command on a stack ends with an error of boto3.
NO_AWS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A command. `text`: its standard input. `exit_code`: the one that it must end with."""

    arguments: tuple[str, ...]
    exit_code: int = 0
    text: str = ""


TRIALS = (
    Trial(("--version",)),
    Trial(("--help",)),
    Trial(("validate", "destination.json")),
    Trial(("validate",), exit_code=2),
    Trial(("preview", "track-order-completed.json")),
    Trial(("preview", "--destination", "destination.json", "--explain"), text='{"type": "track"}'),
    Trial(
        (
            "diff",
            "--base",
            "destination.json",
            "--destination",
            "destination.json",
            "--events",
            "-",
        ),
        text='{"type": "track", "messageId": "m", "userId": "u", "event": "e"}',
    ),
    Trial(("evaluate",), text='{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}'),
    Trial(("evaluate",), text='{"mapping": {"a": {"@liquid": "{{ 1 | plus: 1 }}"}}, "input": {}}'),
    Trial(("schema",)),
    Trial(("secrets", "put", "--help")),
    Trial(("mode", "--stack", "none"), exit_code=3),
    Trial(("failures", "list", "--stack", "none"), exit_code=3),
    Trial(("doctor", "--stack", "none"), exit_code=3),
    Trial(("why", "some-id", "--stack", "none"), exit_code=3),
)


def main() -> int:
    """Build the wheel, install it, and try the commands. Gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        folder, environment = Path(scratch) / "folder", Path(scratch) / "environment"
        try:
            wheel = build(DIST)
            _install(wheel, environment)
        except subprocess.CalledProcessError as error:
            print(f"{error.cmd[0]}: ended with {error.returncode}", file=sys.stderr)
            return 1
        folder.mkdir()
        for sample in SAMPLES:
            shutil.copy(sample, folder)
        failed = [each for each in TRIALS if not _holds(each, environment / "bin", folder)]
    print(f"{wheel.relative_to(ROOT)}: {len(TRIALS) - len(failed)} of {len(TRIALS)} commands hold")
    return 1 if failed else 0


def _install(wheel: Path, environment: Path) -> None:
    """Install the wheel and its dependencies into a new environment."""
    uv = str(OWN_BIN / "uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    command = [uv, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")]
    subprocess.run([*command, "--constraint", str(LOCK), str(wheel)], check=True)


def _holds(trial: Trial, installed: Path, folder: Path) -> bool:
    """Whether the installed command does the same as the checkout's; prints the difference."""
    got, expected = (_run(trial, place, folder) for place in (installed, OWN_BIN))
    if got.returncode == trial.exit_code and _result(got) == _result(expected):
        return True
    print(
        f"segment-rehook {' '.join(trial.arguments)}: ended with {got.returncode}, not "
        f"{trial.exit_code}, or printed other text than the checkout's command\n"
        f"installed: {_result(got)}\ncheckout: {_result(expected)}",
        file=sys.stderr,
    )
    return False


def _run(trial: Trial, place: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [str(place / "segment-rehook"), *trial.arguments],
        cwd=folder,
        env=kept | NO_AWS,
        input=trial.text,
        capture_output=True,
        text=True,
        check=False,
    )


def _result(ran: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return ran.returncode, ran.stdout, ran.stderr


if __name__ == "__main__":
    sys.exit(main())
