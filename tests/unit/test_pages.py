"""The pages lead where they say: links, headings, files and make targets exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
NOT_OURS = {".venv", ".cache", ".aws-sam", "node_modules", ".git"}
FILES = [
    str(path.relative_to(ROOT))
    for folder in ROOT.iterdir()
    if folder.name not in NOT_OURS
    for path in ([folder] if folder.is_file() else folder.rglob("*"))
    if path.is_file() and not NOT_OURS & set(path.parts)
]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """The headings as GitHub names them in a link."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@each_page
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    """Each link to a file names one that is there, and a heading that it has."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_every_page() -> None:
    """Each page in docs/ itself has a link in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name}" in readme, page.name


def overview() -> dict[str, str]:
    """The files and folders (with a `/`) of docs/architecture.md's overview, with what they are."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.findall(r"^(?: {4}.*\n)+", page, re.MULTILINE)[0]
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = [(-1, "")]
    named: list[str] = []
    for line in block.splitlines():
        if entry := re.match(r"( +)(\S+(?:/|\.py)(?:, \S+\.py)*)(?: {2,}|$)(.*)", line):
            while above[-1][0] >= len(entry[1]):
                above.pop()
            named = [above[-1][1] + name for name in entry[2].split(", ")]
            above.append((len(entry[1]), named[0]))
            found |= dict.fromkeys(named, entry[3])
        else:
            found |= {name: f"{found[name]} {line}" for name in named}
    return found


def test_the_overview_is_the_tree() -> None:
    """The overview has what is there, each folder of modules, and each module of delivery/."""
    shown = overview()
    assert all((ROOT / path).exists() for path in shown)
    modules = [Path(file) for file in FILES if re.match(r"(?:layers|cli)/.*\.py$", file)]
    for module in modules:
        assert any(path.startswith(f"{module.parent}/") for path in shown), module
        if module.parent.parent.name == "delivery" and module.stem != "__init__":
            assert re.search(rf"\b{module.stem}\b", shown[f"{module.parent}/"]), module


@each_page
def test_every_source_file_that_a_page_names_is_there(page: Path) -> None:
    """Each source file that a page names, by its path or the end of it, is there."""
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`([\w./-]*\w\.(?:py|toml|yaml|in|txt))`", text):
        assert any(f"/{file}".endswith(f"/{name.removeprefix('./')}") for file in FILES), name


@each_page
def test_every_make_target_that_a_page_names_is_one(page: Path) -> None:
    """Each make target that a page names, in a command or in the text, is in the Makefile."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = page.read_text(encoding="utf-8")
    asked = re.findall(r"^    make ([a-z-]+)|`make ([a-z-]+)[ `]", text, re.MULTILINE)
    assert {one or other for one, other in asked} <= set(targets)
