"""Tests of the commands validate, evaluate and schema, of --version, and of the start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from segment_rehook import __version__
from segment_rehook.mapping import directives
from segment_rehook.mapping.errors import MappingInvalid
from segment_rehook.mapping.validation import validate
from segment_rehook_cli.command_table import COMMANDS, CommandPlace
from segment_rehook_cli.main import app
from segment_rehook_cli.mapping.schema import DIRECTIVES, destination_schema

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "destination.schema.json"
PRESETS = sorted((ROOT / "presets").glob("*.json"))
FILES = [ROOT / "layers" / "destination" / "destination.json", *PRESETS]

FIELDS = {"event_name": "e", "source_id": "u"}


def run(*arguments: str | Path, text: str = "") -> Result:
    """Run the command line with this text as standard input."""
    return CliRunner().invoke(app, [str(each) for each in arguments], input=text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_shipped_is_valid(file: Path) -> None:
    """The shipped file and each preset are valid for `validate` and for the JSON Schema."""
    result = run("validate", file)
    assert (result.exit_code, result.stderr) == (0, "")
    jsonschema.Draft7Validator(destination_schema()).validate(json.loads(file.read_text()))


def test_validate_names_every_mistake_and_fails() -> None:
    """`validate` prints one line per mistake, with its place, and exits with code 1."""
    result = run("validate", "-", text='{"settings": {"a": 1, "b": 2}}')
    assert result.exit_code == 1
    assert result.stdout == ""
    places = [line.partition(" is ")[0] for line in result.stderr.splitlines()]
    assert places == ["standard input: settings.a", "standard input: settings.b"]


def test_validate_as_json_is_one_object() -> None:
    """`validate --json` prints one object: the verdict, the ids, the mistakes and the advice."""
    good = run("validate", "-", "--json", text="{}")
    assert (good.exit_code, json.loads(good.stdout)) == (
        0,
        {
            "file": "standard input",
            "valid": True,
            "subscriptions": ["identify-user", "track-event"],
            "mistakes": [],
            "advice": [],
        },
    )
    bad = run("validate", "-", "--json", text='{"subscriptions": 1}')
    assert (bad.exit_code, json.loads(bad.stdout)) == (
        1,
        {
            "file": "standard input",
            "valid": False,
            "subscriptions": [],
            "mistakes": [{"place": "subscriptions", "message": "must be a list, not a number"}],
            "advice": [],
        },
    )


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"trigger": 'type = "a" or type = "b" and event = "c"'}, "trigger", '"and", for all'),
        ({"trigger": 'type = "a" and (event = "b" or event = "c")'}, "", ""),
        ({"trigger": 'type = "a" and event = "this or that"'}, "", ""),
        ({"settings": {**FIELDS, "metdata": 1}}, "settings.metdata", "did you mean metadata?"),
        ({"settings": {**FIELDS, "enable_batching": True}}, "", ""),
        ({"settings": {"event_name": "e"}}, "settings", "has no source_id"),
        ({"settings": {"__segment_internal_directive": {"@literal": {}}, "x": 1}}, "", ""),
    ],
    ids=repr,
)
def test_validate_points_out_what_is_hardly_meant(
    changes: dict[str, object], place: str, said: str
) -> None:
    """Advice is printed on standard error with its place, and the exit code stays 0."""
    sound = {"id": "s", "actionSlug": "trackEvent", "trigger": "type = 1", "settings": FIELDS}
    result = run("validate", "-", text=json.dumps({"subscriptions": [{**sound, **changes}]}))
    assert result.exit_code == 0
    assert said in result.stderr
    assert bool(result.stderr) == bool(said)
    assert f"subscriptions[0].{place} " in result.stderr or not said


def test_validate_checks_the_shipped_file_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without an argument `validate` checks the shipped file; where there is none, it says so."""
    monkeypatch.chdir(ROOT)
    assert run("validate").exit_code == 0
    monkeypatch.chdir(tmp_path)
    result = run("validate")
    assert result.exit_code == 2
    assert "layers/destination has no destination file here" in result.stderr
    assert "give the file to check" in result.stderr


def test_evaluate_answers_each_line(tmp_path: Path) -> None:
    """`evaluate` reads standard input or a file, and exits with code 2 if the file is missing."""
    questions = (
        '{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}\n'
        '{"fql": "type = \\"track\\"", "event": {"type": "page"}}\n'
    )
    answers = '{"output":{"id":7}}\n{"match":false}\n'
    assert run("evaluate", text=questions).stdout == answers
    file = tmp_path / "questions.ndjson"
    file.write_text(questions)
    assert run("evaluate", file).stdout == answers
    assert run("evaluate", tmp_path / "gone").exit_code == 2


def is_known(directive: str) -> bool:
    """Return whether validation knows the directive, whatever its options."""
    try:
        validate({directive: None})
    except MappingInvalid as error:
        return "has an invalid directive" not in str(error)
    return True


def test_the_schema_knows_every_directive() -> None:
    """The schema's directives are those of the engine and `@transform`; validation knows each."""
    assert set(DIRECTIVES) == {*directives.DIRECTIVES, "@transform"}
    assert all(map(is_known, DIRECTIVES))
    assert not is_known("@another")


def test_the_committed_schema_is_the_generated_one() -> None:
    """The committed schema is what `schema` prints; after a change, run it into that file."""
    assert run("schema").stdout == SCHEMA.read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"setings": {}},
        {"settings": {"maxEventAgeHours": 0}},
        {"subscriptions": [{"name": "x"}]},
        {"subscriptions": [{"name": "x", "actionSlug": "y", "trigger": "t", "settings": {}}]},
        {
            "subscriptions": [
                {
                    "name": "x",
                    "actionSlug": "trackEvent",
                    "trigger": "t",
                    "settings": {"source_id": {"@pth": "$.userId"}},
                }
            ]
        },
    ],
    ids=repr,
)
def test_an_editor_sees_mistakes_by_the_schema(wrong: object) -> None:
    """The schema refuses files with a wrong shape, as `validate` does."""
    schema = destination_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert not jsonschema.Draft7Validator(schema).is_valid(wrong)


def test_the_version_is_printed() -> None:
    """`--version` prints the version of the bridge's package."""
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")


@pytest.mark.parametrize("arguments", [["--version"], ["mode", "--help"], ["secrets", "--help"]])
def test_only_the_command_that_is_run_is_loaded(arguments: list[str]) -> None:
    """Start-up loads no module of another command: all of them together take most of a second."""
    program = (
        "import sys\n"
        "from segment_rehook_cli.main import app\n"
        "try:\n"
        "    app(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.splitlines()[-1].split())
    own = {
        "segment_rehook_cli." + place.place.partition(":")[0]: name
        for name, place in COMMANDS.items()
        if isinstance(place, CommandPlace)
    }
    assert {name for module, name in own.items() if module in loaded} == {*arguments[:1]} & {"mode"}
    assert "segment_rehook_cli.failures.reading" not in loaded


def test_commands_that_need_no_aws_do_not_load_its_library() -> None:
    """`preview` loads neither boto3 nor botocore: they take longer to import than all else."""
    program = (
        "import sys\n"
        "from segment_rehook_cli.main import app\n"
        "app(['preview', sys.argv[1]], standalone_mode=False)\n"
        "print(sorted({'boto3', 'botocore'} & set(sys.modules)))"
    )
    event = ROOT / "events" / "track-order-completed.json"
    ran = subprocess.run(
        [sys.executable, "-c", program, event], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback() -> None:
    """Ctrl-C in the first second ends it silently, with the exit code that shells give it."""
    program = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'segment_rehook_cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from segment_rehook_cli.__main__ import run\n"
        "run()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")
