"""The destination layer: every file of the folder, and no file with a mistake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.stack import ROOT, parameters

SOURCE = ROOT / "layers" / "destination"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the layer's folder, as `sam build` makes one."""
    copy = tmp_path / "scratch"
    shutil.copytree(SOURCE, copy)
    return copy


def build(folder: Path, *, python: str = sys.executable) -> tuple[set[str], str]:
    """Build the layer; return the files in it, and what is said about mistakes."""
    artifacts = folder.parent / "artifacts"
    artifacts.mkdir()
    done = subprocess.run(
        ["make", "-C", folder, "build-DestinationLayer"],
        env=os.environ | {"ARTIFACTS_DIR": str(artifacts), "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == bool(list(artifacts.iterdir()))
    return {file.name for file in artifacts.iterdir()}, done.stderr


@pytest.fixture
def bare_python(tmp_path: Path) -> str:
    """A Python without the package segment_rehook, as `sam build` alone may find one."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_the_layer_holds_every_destination_file_and_nothing_else(folder: Path) -> None:
    """Each stage's file is in the layer, whole; the scripts are not."""
    (folder / "dev.json").write_text('{"subscriptions": []}')
    files, said = build(folder)
    assert files == {"destination.json", "dev.json"}
    assert said == ""
    built = folder.parent / "artifacts" / "dev.json"
    assert built.read_text() == '{"subscriptions": []}'


def test_a_mistake_ends_the_build_and_is_named_with_its_file(folder: Path) -> None:
    """Each mistake in a file is a line that names the file and the place in it."""
    (folder / "dev.json").write_text('{"settings": {"a": 1, "b": 2}}')
    files, said = build(folder)
    assert not files
    assert "DestinationLayer: dev.json: settings.a" in said
    assert "DestinationLayer: dev.json: settings.b" in said


@pytest.mark.parametrize("text", ["{", "[]", "\ufeff7"])
def test_without_the_package_a_file_must_at_least_be_a_json_object(
    folder: Path, bare_python: str, text: str
) -> None:
    """A Python without the package finds what is no JSON object, and builds what is one."""
    assert build(folder, python=bare_python) == ({"destination.json"}, "")
    shutil.rmtree(folder.parent / "artifacts")
    (folder / "dev.json").write_text(text)
    files, said = build(folder, python=bare_python)
    assert not files
    assert "DestinationLayer: dev.json: it is" in said


@pytest.mark.parametrize("name", ["Dev", "my stage", "a" * 25, "-dev"])
def test_a_name_that_no_stack_could_have_is_refused(folder: Path, name: str) -> None:
    """A file that the parameter Destination could not name ends the build."""
    (folder / f"{name}.json").write_text("{}")
    _, said = build(folder)
    assert f"{name}.json: the parameter Destination can't name this file" in said


def test_an_empty_folder_is_refused(folder: Path) -> None:
    """Without any file there would be a stack that can't start."""
    (folder / "destination.json").unlink()
    assert "there is no destination file" in build(folder)[1]


def test_names_are_those_that_the_template_allows(folder: Path) -> None:
    """The longest name that the template allows is built, and the default file is there."""
    said = parameters()["Destination"]
    assert (SOURCE / f"{said['Default']}.json").is_file()
    longest = "a" * int(said["MaxLength"])
    (folder / f"{longest}.json").write_text("{}")
    assert f"{longest}.json" in build(folder)[0]
