"""Which destination file belongs to which stack, and `validate` over all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from segment_rehook_cli.stack.stages import DestinationMissing, destination_file_of
from tests.template.stack import ROOT, parameters


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the files of two stages; gives their folder."""
    folder = tmp_path / "layers" / "destination"
    folder.mkdir(parents=True)
    for name in ("destination", "dev"):
        (folder / f"{name}.json").write_text('{"subscriptions": []}')
    (folder / "Makefile").write_text("")
    monkeypatch.chdir(tmp_path)
    return folder


def validate(*words: str) -> Result:
    """Run `validate`."""
    return CliRunner().invoke(app, ["validate", *words])


@pytest.mark.parametrize(
    ("chosen", "name"),
    [({}, "destination"), ({"Destination": "dev"}, "dev"), ({"LogLevel": "INFO"}, "destination")],
)
def test_a_stack_has_the_file_that_its_parameter_names(
    checkout: Path, chosen: dict[str, str], name: str
) -> None:
    """A stack's file is the one that its parameter names; without the parameter, destination."""
    assert destination_file_of(chosen).resolve() == checkout / f"{name}.json"


def test_a_file_that_is_not_there_is_told_with_those_that_are(checkout: Path) -> None:
    """If the stack's file is not in the checkout, the error names it and those that are."""
    assert checkout.is_dir()
    with pytest.raises(
        DestinationMissing, match=r"layers/destination/prod\.json.*destination, dev;"
    ):
        destination_file_of({"Destination": "prod"})


def test_outside_of_a_checkout_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder without destination files, the error says where to run the command."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DestinationMissing, match="run this in a checkout of segment-rehook"):
        destination_file_of({})


def test_the_default_is_the_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a stack without the parameter is the one that the template has by default."""
    monkeypatch.chdir(ROOT)
    assert destination_file_of({}).stem == parameters()["Destination"]["Default"]


def test_validate_checks_every_file_of_the_folder(checkout: Path) -> None:
    """Without an argument `validate` has a line for each destination file, in their order."""
    result = validate()
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [
        str(Path("layers", "destination", file.name)) for file in sorted(checkout.glob("*.json"))
    ]


def test_a_mistake_in_one_file_is_told_with_its_name(checkout: Path) -> None:
    """A mistake in one file is named with it, the other file is checked too, and 1 is returned."""
    (checkout / "dev.json").write_text('{"settings": {"a": 1}}')
    result = validate()
    assert result.exit_code == 1
    assert "layers/destination/dev.json: settings.a" in result.stderr
    assert "layers/destination/destination.json: no mistakes" in result.stdout


def test_as_json_each_file_is_a_line(checkout: Path) -> None:
    """`validate --json` prints one line of JSON for each file, which names it."""
    (checkout / "dev.json").write_text('{"settings": {"a": 1}}')
    result = validate("--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(Path(line["file"]).stem, line["valid"]) for line in lines] == [
        ("destination", True),
        ("dev", False),
    ]
    assert result.stderr == ""


def test_a_file_that_cannot_be_read_does_not_keep_others_from_being_checked(
    checkout: Path,
) -> None:
    """An unreadable file is told, the others are checked, and the exit code is 2."""
    result = validate(str(checkout / "gone.json"), str(checkout / "dev.json"))
    assert result.exit_code == 2
    assert "gone.json: No such file" in result.stderr
    assert "dev.json: no mistakes" in result.stdout
