"""The sizes of what is deployed are those that a zip file of it has."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.bench import sizes


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build of a layer with three packages, and of a function."""
    files = {
        "BridgeLayer/python/fast/__init__.py": 100 * b"answer = 42\n",
        "BridgeLayer/python/fast/__pycache__/__init__.cpython-313.pyc": bytes(range(256)),
        "BridgeLayer/python/fast-1.0.dist-info/LICENSE": b"free",
        "BridgeLayer/python/one.py": b"",
        "BridgeLayer/python/__pycache__/one.cpython-313.pyc": b"code",
        "BridgeLayer/python/tzdata/zones": b"UTC",
        "Function/app.py": b"handler = None\n",
    }
    for name, content in files.items():
        place = tmp_path / "build" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (tmp_path / "build" / "template.yaml").touch()
    return tmp_path / "build"


def test_each_package_counts_with_its_bytecode_and_its_notes(build: Path) -> None:
    """Packages come by their size; the whole comes before its parts."""
    found = [(size.artefact, size.part, size.unzipped) for size in sizes.sizes(build)]
    assert found == [
        ("BridgeLayer", "", 1200 + 256 + 4 + 4 + 3),
        ("BridgeLayer", "fast", 1200 + 256 + 4),
        ("BridgeLayer", "one", 4),
        ("BridgeLayer", "tzdata", 3),
        ("Function", "", 15),
    ]
    assert [size.bytecode for size in sizes.sizes(build)] == [260, 256, 4, 0, 0]
    assert [size.files for size in sizes.sizes(build)] == [6, 3, 2, 1, 1]


def test_a_zipped_size_is_that_of_a_zip_file(build: Path, tmp_path: Path) -> None:
    """But for the 22 bytes at a zip file's end."""
    packed = tmp_path / "layer.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (build / "BridgeLayer").rglob("*"):
            if file.is_file():
                archive.write(file, file.relative_to(build / "BridgeLayer"))
    assert sizes.sizes(build)[0].zipped == packed.stat().st_size - 22


def test_the_table_names_each_part(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each, with its figures in kilobytes."""
    assert sizes.main(build) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "BridgeLayer",
        "fast",
        "one",
        "tzdata",
        "Function",
    ]
    assert "1.5" in lines[1]


def test_without_a_build_it_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2."""
    assert sizes.main(tmp_path / "none") == 2
    assert "make build" in capsys.readouterr().err
