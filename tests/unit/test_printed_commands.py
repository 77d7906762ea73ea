"""Every command line of `segment-rehook` that a page, a help text or a message prints is one."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.main import get_command

from segment_rehook_cli.main import app
from tests.template.stack import resources, template

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MODULES: Final = [
    path
    for folder in ("cli/segment_rehook_cli", "layers/bridge/segment_rehook")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
COMMAND_LINE: Final[Any] = get_command(app)
GAP: Final = "GAP"  # stands for a value that is put in when the text is printed
WRITERS: Final = {"subject.command", "stack.command"}
"""What writes a command line of which the code has the first words."""

ALARMS: Final = resources("AWS::CloudWatch::Alarm")


@dataclass(frozen=True, slots=True)
class Printed:
    """The words after the program's name. `whole`: a line to be run, not a mention of a command."""

    words: tuple[str, ...]
    whole: bool


def named(path: Path) -> str:
    """The name of a page or module in a test's id."""
    return str(path.relative_to(ROOT))


def words_of(line: str) -> Iterator[str]:
    """The words of a shell's line up to a pipe, a redirection, a comment or the next command.

    `[x]` is a word that may be left out, `x…` one that may be repeated.
    """
    shell = shlex.shlex(line, posix=True, punctuation_chars=True)
    shell.whitespace_split = True
    for word in shell:
        if set(word) <= set("|&;<>()"):
            return
        if bare := word.strip("[]").removesuffix("…"):
            yield bare


def in_a_line(line: str) -> Iterator[Printed]:
    """The command lines in a line of a shell."""
    for found in re.finditer(r"(?:^|[\s/(])segment-rehook ([a-z].*)", line):
        yield Printed(tuple(words_of(found[1])), whole=True)


def in_code(code: str) -> Iterator[Printed]:
    """The command that a piece of code within a text names, also without the program's name."""
    code = " ".join(code.split())
    full = re.fullmatch(r"(?:\S*/)?segment-rehook ([a-z].*)", code)
    first, _, rest = code.partition(" ")
    group = hasattr(COMMAND_LINE.commands.get(first), "commands")
    if full:
        yield Printed(tuple(words_of(full[1])), whole=False)
    elif rest and (group or (first in COMMAND_LINE.commands and rest.startswith("--"))):
        yield Printed(tuple(words_of(code)), whole=False)


def on_a_page(text: str) -> Iterator[Printed]:
    """The command lines of a page: in its blocks of code, and in its sentences and tables."""
    blocks = re.compile(r"^```[\s\S]*?^```$|^(?: {4,}.*\n)+", re.MULTILINE)
    for block in blocks.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield from in_a_line(line.strip())
    for code in re.findall(r"`([^`]+)`", blocks.sub("", text)):
        yield from in_code(code)


def in_a_text(text: str) -> Iterator[Printed]:
    """The command lines of a help text, a message, or a description of the template."""
    text = " ".join(re.sub(r"\$\{[^}]*\}", GAP, text).split())
    if text.startswith("Example"):
        for example in text.partition(": ")[2].split(" · "):
            yield from in_a_line(example)
    elif text.startswith("segment-rehook "):
        yield from in_a_line(text)
    for run in re.findall(r"Run: (segment-rehook .*?)\.(?: |$)", text):
        yield from in_a_line(run)
    for code in re.findall(r"`([^`]+)`", text):
        yield from in_code(code)


def texts_of_a_module(path: Path) -> Iterator[str]:
    """The texts in a module's code. What an f-string puts in is a gap."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    within = {part for node in formatted for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in within:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield joined(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS:
            yield f"segment-rehook {joined(node.args[0])}"


def joined(node: ast.expr) -> str:
    """The text of an f-string, or of a text. Anything else is a gap."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else GAP
        for part in parts
    )


def texts_of(value: object) -> Iterator[str]:
    """The texts in the template."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


def is_a_gap(value: str) -> bool:
    """Whether a value stands for another one: a word in capitals, such as STACK or OLD_TABLE."""
    return re.fullmatch(r"[A-Z][A-Z_]+|.*GAP.*|{\w+}", value) is not None


def check(command: Printed) -> None:
    """Read a command line as the program does, up to where it would run.

    Typer's errors say which option, argument or choice there is not, assertions the rest.
    """
    tool, words, path = COMMAND_LINE, list(command.words), []
    while hasattr(tool, "commands") and words and not words[0].startswith("-"):
        path.append(words.pop(0))
        assert path[-1] in tool.commands, f"no command {' '.join(path)}"
        tool = tool.commands[path[-1]]
    context = tool.context_class(tool, info_name=" ".join(path))
    values, left, _ = tool.make_parser(context).parse_args(words)
    assert not left, f"too many words: {left}"
    for parameter in tool.params:
        given = values.get(parameter.name)
        if isinstance(given, str) and is_a_gap(given):
            continue
        if isinstance(given, (list, tuple)):
            given = type(given)(each for each in given if not is_a_gap(each))
        if given:
            parameter.handle_parse_result(context, {parameter.name: given}, [])
        elif command.whole:
            assert values.get(parameter.name) or not parameter.required, parameter.name
    alarm = values.get("alarm")
    assert not alarm or is_a_gap(alarm) or alarm in ALARMS, f"no alarm {alarm}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_on_a_page_is_one(page: Path) -> None:
    """Each command line on a page has a command, options, arguments and choices that there are."""
    for each in on_a_page(page.read_text(encoding="utf-8")):
        check(each)


def test_every_command_of_the_template_is_one() -> None:
    """The template's descriptions, outputs and dashboard name command lines that there are."""
    found = [each for text in texts_of(template()) for each in in_a_text(text)]
    assert len(found) > len(ALARMS)
    for each in found:
        check(each)


def test_every_command_of_a_help_text_or_message_is_one() -> None:
    """The examples of the help, and the commands in messages, are command lines that there are."""
    found = [
        each for path in MODULES for text in texts_of_a_module(path) for each in in_a_text(text)
    ]
    assert found
    for each in found:
        check(each)


def each_command(tool: Any = COMMAND_LINE) -> Iterator[Any]:
    """The commands that do something, without the groups."""
    for below in getattr(tool, "commands", {}).values():
        yield from each_command(below)
    if not hasattr(tool, "commands"):
        yield tool


def test_the_readme_names_each_command() -> None:
    """The README's table has each command and group of commands."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| commands | for |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", table)) == set(COMMAND_LINE.commands)


@pytest.mark.parametrize("tool", list(each_command()), ids=lambda tool: tool.name)
def test_each_command_has_an_example_of_its_own(tool: Any) -> None:
    """The help of each command ends with a command line that has its name."""
    examples = list(in_a_text(tool.epilog or ""))
    assert examples
    assert all(tool.name in each.words for each in examples)
