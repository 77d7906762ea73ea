"""The code keeps to the words of docs/architecture.md: one word for one thing.

Each rule is a function that gives its violations as sentences. The last test shows that each rule
finds a violation.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = "layers/bridge/segment_rehook/"
PRODUCT = (LAYER, "cli/")
PAGE = ROOT / "docs" / "architecture.md"

# Names that were given up, because they had two meanings or are no terms of the field.
RETIRED_NAMES = {
    *("Again", "Done", "Gate", "Line", "Pen", "Story", "Terminal", "Terms"),
    *("books", "door", "gate", "live", "meet", "passing", "pen", "place", "tap", "terms"),
}
# Words that are part of no name.
RETIRED_WORDS = {
    *("blow", "blows", "courier", "epoch", "journal", "spell", "spells", "story"),
    *("undeliverable", "weather"),
}
# Glossary words for a number, a text or a fact. A class of that name would be something else.
VALUES = {
    "business key",
    "content",
    "doubtful",
    "lease",
    "nonce",
    "parked token",
    "reason",
    "token",
}
# Limits are named MAX_… and MIN_….
OTHER_LIMITS = {
    *("BIGGEST", "DEEPEST", "FASTEST", "FEWEST", "HIGHEST", "LARGEST", "LEAST", "LONGEST"),
    *("LOWEST", "MOST", "SHORTEST", "SLOWEST", "SMALLEST"),
}
# A constant of the product that ends in one of these is a limit.
LIMITED = ("ATTEMPTS", "CHARACTERS", "ROUNDS", "SIDE_BY_SIDE")
# Each of these reads a language of its own, and has a lexer and a parser: the same names for them
# are the field's.
LANGUAGES = (f"{LAYER}mapping/fql", f"{LAYER}mapping/liquid/")


@dataclass(frozen=True)
class PublicName:
    """A public name. `kind`: class, function, constant, field, member or module."""

    kind: str
    name: str
    file: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.file}"


def names_in(file: str, source: str) -> Iterator[PublicName]:
    """Give the public names that a file defines at its top level and in its classes."""
    stem = Path(file).stem
    if not stem.startswith("_"):
        yield PublicName("module", stem, file)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            found = [("class", node.name), *_members(node)]
        elif isinstance(node, ast.FunctionDef):
            found = [("function", node.name)]
        else:
            found = [(_kind_of(name, node), name) for name in _assigned(node)]
        for kind, name in found:
            if not name.startswith("_") or kind == "constant":
                yield PublicName(kind, name, file)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for each in node.body:
        for name in _assigned(each):
            yield ("member" if name.isupper() else "field"), name


def _assigned(node: ast.stmt) -> list[str]:
    """The plain names that a statement assigns."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    parts = [
        part for each in targets for part in (each.elts if isinstance(each, ast.Tuple) else [each])
    ]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _kind_of(name: str, node: ast.stmt) -> str:
    """What an assignment at the top level defines: an alias of a type counts as a class."""
    if name.isupper():
        return "constant"
    value = getattr(node, "value", None)
    is_variable = isinstance(value, ast.Call) and ast.unparse(value.func) in {
        "TypeVar",
        "ParamSpec",
    }
    return "class" if name[0].isupper() and not is_variable else "variable"


def words_of(name: str) -> list[str]:
    """Give the words of a name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


@dataclass(frozen=True)
class Glossary:
    """`words`: those that the page explains. `code`: those that it has in code formatting."""

    words: frozenset[str]
    code: frozenset[str]


def glossary_of(page: str) -> Glossary:
    """Read the table of words: those of its first column, and those in italics beside them."""
    rows = re.findall(
        r"^\| (?!---|word \|)(.+?) \| (.+) \|$", page.partition("## Words")[2], re.MULTILINE
    )
    words = {
        word
        for first, meaning in rows
        for word in [
            *re.sub(r" \(.+?\)", "", first).split(", "),
            *re.findall(r"\*(.+?)\*", meaning),
        ]
    }
    code = {word for row in rows for column in row for word in re.findall(r"`(.+?)`", column)}
    return Glossary(frozenset(words), frozenset(code))


# The rules.


def defined_twice(names: Iterable[PublicName], _: Glossary) -> list[str]:
    """A class of the product has a name of its own."""
    files: dict[str, set[str]] = defaultdict(set)
    for each in names:
        if each.kind == "class" and each.file.startswith(PRODUCT):
            language = next((name for name in LANGUAGES if each.file.startswith(name)), None)
            files[each.name].add("mapping's languages" if language else each.file)
    return [
        f"{name} is a class of {', '.join(sorted(where))}"
        for name, where in files.items()
        if len(where) > 1
    ]


def retired(names: Iterable[PublicName], _: Glossary) -> list[str]:
    """A word that was given up does not come back."""
    return [
        f"{each}: this word was given up"
        for each in names
        if (each.kind not in {"field", "member"} and each.name in RETIRED_NAMES)
        or RETIRED_WORDS & set(words_of(each.name))
    ]


def other_limits(names: Iterable[PublicName], _: Glossary) -> list[str]:
    """A limit is named MAX_… or MIN_…."""
    return [
        f"{each}: limits are named MAX_… and MIN_…"
        for each in names
        if each.kind == "constant"
        and (
            OTHER_LIMITS & set(each.name.split("_"))
            or {"MAX", "MIN"} & set(each.name.lstrip("_").split("_")[1:])
            or (
                each.file.startswith(PRODUCT)
                and each.name.endswith(LIMITED)
                and not each.name.lstrip("_").startswith(("MAX_", "MIN_"))
            )
        )
    ]


def second_meaning(names: Iterable[PublicName], glossary: Glossary) -> list[str]:
    """A word of the glossary, or its plural, names classes of one file, and none if it is a value.

    A plural in the same file is a collection of the same thing.
    """
    files: dict[str, set[str]] = defaultdict(set)
    for each in names:
        if each.kind == "class":
            name = " ".join(words_of(each.name))
            for word in (name, name.removesuffix("s")):
                files[word].add(each.file)
    found = {word: files[word] for word in sorted(glossary.words) if word in files}
    return [
        f"{word} is a word of the glossary, and a class of {', '.join(sorted(where))}"
        for word, where in found.items()
        if len(where) > 1 or word in VALUES
    ]


def unknown_code(names: Iterable[PublicName], glossary: Glossary) -> list[str]:
    """What the glossary has in code formatting exists: a class, a file, or a text of the layer."""
    classes = {each.name for each in names if each.kind == "class"}
    texts = texts_of_the_layer()
    return [
        f"`{word}` of the glossary does not exist"
        for word in sorted(glossary.code)
        if word not in classes
        and word not in texts
        and not ("/" in word and any((base / word).exists() for base in (ROOT, ROOT / LAYER)))
    ]


def texts_of_the_layer() -> set[str]:
    """Give every text constant in the layer's code: names of attributes, values of enums."""
    return {
        node.value
        for path in (ROOT / LAYER).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


Rule = Callable[[Iterable[PublicName], Glossary], list[str]]
RULES: list[Rule] = [defined_twice, retired, other_limits, second_meaning, unknown_code]
rule_names = [each.__name__ for each in RULES]


@pytest.fixture(scope="module")
def names() -> list[PublicName]:
    """Give all public names of the layer, the command line and the tools."""
    return [
        name
        for folder in ("layers/bridge/segment_rehook", "cli", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in names_in(str(path.relative_to(ROOT)), path.read_text())
    ]


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    """Give the glossary of docs/architecture.md."""
    return glossary_of(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES, ids=rule_names)
def test_the_code_keeps_to_the_rule(
    rule: Rule, names: list[PublicName], glossary: Glossary
) -> None:
    """No public name of the layer, the command line or the tools violates the rule."""
    violations = rule(names, glossary)

    assert not violations, "\n".join(violations)


def test_the_glossary_is_read() -> None:
    """Words are read from the first column and from italics, code from all columns."""
    page = (
        "| word | no |\n\n## Words\n\n| word | means |\n| --- | --- |\n"
        "| header, letter (`Letter`) | parts; a *record* of `epoch` |\n"
    )

    assert glossary_of(page) == Glossary(
        frozenset({"header", "letter", "record"}), frozenset({"Letter", "epoch"})
    )


def test_every_word_whose_class_is_a_value_is_in_the_glossary(glossary: Glossary) -> None:
    """The list of values in this file has no word that the page has no longer."""
    assert glossary.words >= VALUES


def test_public_names_are_found() -> None:
    """Classes, aliases, functions, constants, fields and members are found; private ones not."""
    source = (
        "MAX_X = 1\n_MAX_Y = 2\nA, B = 3, 4\nT = TypeVar('T')\nAlias = dict[str, int]\n"
        "class Thing:\n    field: int = 0\n    MEMBER = 1\n    _private: int\n"
        "class _Hidden:\n    pass\ndef act(): ...\ndef _act(): ...\n"
    )

    assert {(each.kind, each.name) for each in names_in("cli/file.py", source)} == {
        ("module", "file"),
        ("constant", "MAX_X"),
        ("constant", "_MAX_Y"),
        ("constant", "A"),
        ("constant", "B"),
        ("constant", "T"),
        ("class", "Alias"),
        ("class", "Thing"),
        ("field", "field"),
        ("member", "MEMBER"),
        ("function", "act"),
    }


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        (defined_twice, {f"{LAYER}one.py": "class Thing: ...", "cli/two.py": "Thing = str | int"}),
        (retired, {"tools/one.py": "class Gate: ..."}),
        (retired, {"tools/one.py": "def live(): ..."}),
        (retired, {"tools/books.py": ""}),
        (retired, {f"{LAYER}one.py": "class Header:\n    parked_epoch: int"}),
        (retired, {f"{LAYER}one.py": "class State(Enum):\n    UNDELIVERABLE = 1"}),
        (other_limits, {"cli/one.py": "BYTES_MOST = 1"}),
        (other_limits, {"cli/one.py": "_LONGEST: Final = 1"}),
        (other_limits, {"cli/one.py": "BYTES_MAX = 1"}),
        (other_limits, {f"{LAYER}one.py": "ID_CHARACTERS = 1"}),
        (second_meaning, {f"{LAYER}one.py": "class Lane: ...", "tools/two.py": "class Lane: ..."}),
        (second_meaning, {f"{LAYER}one.py": "class Lanes: ...", "tools/two.py": "class Lane: ..."}),
        (second_meaning, {f"{LAYER}one.py": "class Token: ..."}),
        (second_meaning, {"cli/one.py": "class Progress: ...", "cli/two.py": "Progress = int"}),
        (unknown_code, {f"{LAYER}one.py": "class OtherClass: ..."}),
    ],
)
def test_a_violation_is_found(rule: Rule, sources: dict[str, str]) -> None:
    """Code that violates a rule is found by it, so the rule can fail."""
    planted = [name for file, source in sources.items() for name in names_in(file, source)]
    glossary = Glossary(frozenset({"lane", "progress", "token"}), frozenset({"ReplyClass"}))

    assert len(rule(planted, glossary)) == 1


@pytest.mark.parametrize("rule", RULES, ids=rule_names)
def test_sound_names_are_not_found(rule: Rule) -> None:
    """Names that are as they should be violate no rule, also where they look alike."""
    sources = {
        f"{LAYER}mapping/fql_lexer.py": "class Piece: ...",
        f"{LAYER}mapping/liquid/lexer.py": "class Piece: ...\nclass LogLine: ...",
        "cli/history.py": "MAX_BYTES = MIN_BYTES = 1\nclass Lane:\n    token: int",
        "tools/stand_in.py": "class Piece: ...\nclass ReplyClass: ...",
    }
    planted = [name for file, source in sources.items() for name in names_in(file, source)]

    assert rule(planted, Glossary(frozenset({"lane", "token"}), frozenset({"ReplyClass"}))) == []
