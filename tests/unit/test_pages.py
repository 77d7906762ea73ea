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
