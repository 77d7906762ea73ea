"""`python -m tools.mutants.generated`: runs the tests on mutmut's changes to delivery and replies.

mutmut makes small changes to `delivery/` and `rehook/reply.py`. Each ends in one of these:

    caught        a test fails, or mypy refuses the change (as `make lint` would)
    wording       only the words of a message for people change, which no test has to notice
    explained     no test fails, and survivors/<module>.toml says why that is right
    SURVIVED      no test fails, and nobody has said why: write a test or an explanation

Prints what survived in the format of these files. The exit code is 1 if anything survived, or if an
explanation is for a change that is caught now. Arguments are patterns of the functions to change
(`segment_rehook.delivery.pacing.backoff*`); default: all.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutants.working_copy import FAKES, PACKAGE, working_copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SURVIVORS = Path(__file__).with_name("survivors")
# The folder of the package, which mutmut leaves out of the names of modules.
SOURCE = "src"
MUTATED = ("delivery/**/*.py", "rehook/reply.py")
TESTS = [
    "tests/unit/delivery",
    *(f"tests/unit/rehook/test_{name}.py" for name in ("reply", "reply_details", "failures_page")),
]
SENTENCE = re.compile(r'"[^"]*\s[^"]*"')
MUTANT_NAME = re.compile(rf"^{PACKAGE}\.(?P<module>[\w.]+)\.x(?P<name>[\wǁ]+)__mutmut_\d+$")


@dataclass(frozen=True, slots=True)
class Change:
    """One mutant: its module and function. `lines`: what they were → what they became."""

    module: str
    function: str
    lines: str

    @property
    def wording(self) -> bool:
        """Whether only a sentence differs, by letter case or by the XX that mutmut adds."""
        was, _, became = self.lines.partition(" → ")
        return was.casefold() == became.replace("XX", "").casefold() and SENTENCE.sub(
            "", was
        ) == SENTENCE.sub("", became)


def main(patterns: list[str]) -> int:
    """Run the mutants of these functions, or all. Gives the exit code."""
    with working_copy(SOURCE) as copy:
        _configure(copy, _mutated(copy / SOURCE, patterns))
        _mutmut(copy, "run", "--max-children", str(os.cpu_count() or 1), *patterns)
        verdicts = dict(_verdicts(copy))
        survivors = [
            _change(copy, name)
            for name, verdict in verdicts.items()
            if verdict in {"survived", "no tests", "suspicious"}
        ]
    explained = [change for change in _explained() if not patterns or _named(change, patterns)]
    left = [each for each in survivors if each not in explained and not each.wording]
    stale = [each for each in explained if each not in survivors]
    for change in left:
        print(f"SURVIVED\n{_as_toml(change)}")
    for change in stale:
        print(f"NO LONGER SURVIVES, or is no longer made\n{_as_toml(change)}")
    worded = sum(each.wording for each in survivors)
    print(", ".join(f"{n} {verdict}" for verdict, n in Counter(verdicts.values()).most_common()))
    explanations = len(survivors) - worded - len(left)
    print(f"{worded} in wording, {explanations} explained, {len(left)} not")
    return 1 if left or stale else 0


def _mutated(source: Path, patterns: list[str]) -> list[str]:
    """Give the files to change, as paths in the copy: those that the patterns may mean, or all."""
    begin = tuple(re.split(r"[*?\[]", pattern)[0] for pattern in patterns or ["*"])
    files = (file.relative_to(source) for glob in MUTATED for file in (source / PACKAGE).glob(glob))
    modules = {".".join(file.with_suffix("").parts): file for file in files}
    return [
        f"{SOURCE}/{file}"
        for module, file in sorted(modules.items())
        if module.startswith(begin) or any(each.startswith(f"{module}.") for each in begin)
    ]


def _configure(copy: Path, files: list[str]) -> None:
    settings = {
        "source_paths": [SOURCE],
        "only_mutate": files,
        "also_copy": ["docs", *map(str, FAKES)],
        "pytest_add_cli_args_test_selection": TESTS,
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--hypothesis-profile=mutants"],
        "type_check_command": [
            *(sys.executable, "-m", "mypy", "--config-file=", "--output=json"),
            # mutmut writes each __init__ several times, and each defines the same attributes.
            *("--ignore-missing-imports", "--disable-error-code=no-redef"),
            f"{SOURCE}/{PACKAGE}",
        ],
        "use_git_change_detection": False,
        # Some changes make a test run for ever. So many times the usual time is long enough.
        "timeout_multiplier": 8,
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    with (copy / "pyproject.toml").open("a") as project:
        project.write(f"\n[tool.mutmut]\n{lines}")


def _mutmut(copy: Path, *arguments: str, quiet: bool = False) -> str:
    """Run mutmut in the copy, and give its output if `quiet`. Raises CalledProcessError."""
    ran = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MYPYPATH": SOURCE},
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=True,
    )
    return ran.stdout or ""


def _verdicts(copy: Path) -> Iterator[tuple[str, str]]:
    """Give each mutant's name and result, without those that were not to be run."""
    for line in _mutmut(copy, "results", "--all", "true", quiet=True).splitlines():
        name, _, verdict = line.strip().rpartition(": ")
        if name and verdict != "not checked":
            yield name, verdict


def _change(copy: Path, name: str) -> Change:
    match = MUTANT_NAME.fullmatch(name)
    module, function = match.group("module", "name")  # type: ignore[union-attr]  # mutmut's name
    shown = _mutmut(copy, "show", name, quiet=True).splitlines()
    start = next(number for number, line in enumerate(shown) if line.startswith("@@"))
    was, became = (
        " ".join(line[1:].strip() for line in shown[start:] if line.startswith(sign))
        for sign in "-+"
    )
    return Change(module, function.strip("_ǁ").replace("ǁ", "."), f"{was} → {became}")


def _named(change: Change, patterns: Iterable[str]) -> bool:
    name = f"{PACKAGE}.{change.module}.{change.function}"
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _explained() -> list[Change]:
    """Give the changes that the files in `survivors` explain."""
    return [
        Change(file.stem, entry["in"], lines)
        for file in sorted(SURVIVORS.glob("*.toml"))
        for entry in tomllib.loads(file.read_text())["survivor"]
        for lines in entry["changes"]
    ]


def _as_toml(change: Change) -> str:
    head = f'# {change.module}.toml\n[[survivor]]\nin = "{change.function}"\nwhy = ""\n'
    return f"{head}changes = ['''{change.lines}''']\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
