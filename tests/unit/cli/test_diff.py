"""Tests of `segment-rehook diff`: its forms, its exit codes, and hostile contents."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner, Result

from segment_rehook_cli.diff import markdown as diff_markdown
from segment_rehook_cli.main import app
from tests.unit.cli.destinations import FIELDS, subscription

ROOT = Path(__file__).parents[3]
TRACK = {
    "type": "track",
    "messageId": "m1",
    "userId": "jo@example.com",
    "event": "Paid",
    "properties": {"total": 5},
}
HOSTILE = "```\n</code></details><script>|`@octocat #1 [x](http://e.example) \u202e\x1b[31m\ud800"


def rules(**changes: Any) -> str:
    """Return a destination file's text with one subscription, whose FIELDS are changed."""
    return json.dumps({"subscriptions": [subscription(settings=FIELDS | changes)]})


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in a folder with two destination files and one event."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGMENT_REHOOK_STACK", raising=False)
    Path("old.json").write_text(rules())
    Path("new.json").write_text(rules(metadata={"sum": {"@path": "$.properties.total"}}))
    Path("events.json").write_text(json.dumps(TRACK))
    return tmp_path


def run(*arguments: str, events: bool = True, text: str = "") -> Result:
    """Compare old.json with new.json over events.json; later options count."""
    given = ["--base", "old.json", "--destination", "new.json"]
    corpus = ["--events", "events.json"] if events else []
    return CliRunner().invoke(app, ["diff", *given, *corpus, *arguments], input=text)


def lines(result: Result) -> list[Any]:
    """Return the lines of standard output, decoded."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_counts_come_first_then_examples() -> None:
    """--json prints one line with the counts, and a line for each example; the exit code is 1."""
    result = run("--json")
    assert result.exit_code == 1
    counts, example = lines(result)
    assert counts["base"]["name"] == "old.json"
    assert re.fullmatch(r"[0-9a-f]{12}", counts["candidate"]["version"])
    assert [counts[name] for name in ("events", "unchanged", "changed", "unreadable")] == [
        1,
        0,
        1,
        0,
    ]
    [track] = counts["subscriptions"]
    assert (track["changed"], track["newlySent"], track["fields"]) == (1, 0, {"metadata": 1})
    assert track["members"] == {"metadata.total": 1, "metadata.sum": 1}
    assert example["fields"] == [
        {"field": "metadata", "member": "total", "base": 5},
        {"field": "metadata", "member": "sum", "candidate": 5},
    ]


def test_the_page_shows_the_members_of_a_line() -> None:
    """The lines in docs/mappings.md have the members that `diff --json` prints."""
    page = (ROOT / "docs" / "mappings.md").read_text()
    shown = page.partition("## See what a change changes")[2].partition("\n| in a line")[0]
    for line in lines(run("--json")):
        for member in (*line, *line.get("subscriptions", [{}])[0], *line.get("fields", [{}])[0]):
            assert f'"{member}":' in shown


def test_no_change_is_exit_code_0() -> None:
    """If no event changes, the exit code is 0, in every form, and the counts are printed."""
    for form in ([], ["--json"], ["--markdown"]):
        result = run("--destination", "old.json", *form)
        assert result.exit_code == 0, result.stderr
        assert "track" in result.stdout


def test_files_that_differ_where_no_event_shows_it_are_said_to() -> None:
    """Two files that differ, though no event does, give exit code 0 and a remark."""
    Path("events.json").write_text('{"type": "page"}')
    result = run()
    assert result.exit_code == 0
    assert "the files differ, but none of these events shows it" in result.stderr


def test_what_is_no_event_is_counted() -> None:
    """JSON that is no event is counted as unreadable, and changes nothing."""
    Path("events.json").write_text(json.dumps([5, TRACK]))
    assert lines(run("--json"))[0]["unreadable"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--events", "gone.json"], "gone.json: No such file"),
        (["--events", "bad.json"], "bad.json: line 1 is not JSON"),
        (["--base", "gone.json"], "gone.json: No such file"),
        (["--base", "wrong.json"], "wrong.json: settings.x "),
        (["--destination", "wrong.json"], "wrong.json: settings.x "),
        (["--destination", "bad.json"], "bad.json: is not JSON"),
        (["--json", "--markdown"], "exclude each other"),
        (["--events", "-", "-"], "can be read once"),
    ],
    ids=" ".join,
)
def test_what_can_not_be_read_is_exit_code_2(arguments: list[str], said: str) -> None:
    """Files that can't be read, or have mistakes, give one line and exit code 2; no result."""
    Path("bad.json").write_text("no json")
    Path("wrong.json").write_text('{"settings": {"x": 1}}')
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_without_events_or_base_it_says_what_to_give() -> None:
    """Without events, and without anything to compare with, one line says what is missing."""
    nothing = run(events=False)
    assert nothing.exit_code == 2
    assert "--events FILE" in nothing.stderr
    failures = run("--failures", events=False)
    assert failures.exit_code == 2
    assert "name the stack: --stack NAME" in failures.stderr
    alone = CliRunner().invoke(app, ["diff", "--destination", "new.json", "--events", "-"])
    assert alone.exit_code == 2
    assert "--stack NAME" in alone.stderr


def test_several_files_are_one_corpus(folder: Path) -> None:
    """Files after --events count too, as a shell's pattern gives them; gzip and - are read."""
    (folder / "packed.gz").write_bytes(gzip.compress(f"{json.dumps(TRACK)}\n".encode() * 2))
    result = run("packed.gz", "--events", "-", "--json", text=json.dumps([TRACK, TRACK]))
    assert lines(result)[0]["events"] == 5


def test_without_examples_nothing_of_an_event_is_printed() -> None:
    """--examples 0 prints counts and field names, and no value, name or id of an event."""
    secrets = ["jo@example.com", "m1", "total", "Paid"]
    for form in ([], ["--json"], ["--markdown"]):
        result = run("--examples", "0", *form)
        assert result.exit_code == 1
        assert "metadata" in result.stdout
        assert not [each for each in secrets if each in result.output]


def test_output_that_is_no_terminal_is_separated_by_tabs() -> None:
    """Without a terminal the tables are rows of cells separated by tabs."""
    heading, counts, *_ = run().stdout.splitlines()
    assert heading.split("\t")[:3] == ["subscription", "unchanged", "changed"]
    assert counts.split("\t") == ["track", "0", "1", "0", "0", "0"]


def test_a_terminal_gets_tables() -> None:
    """On a terminal the same is a table, and the values are in it."""
    controlling, terminal = pty.openpty()
    command = ["diff", "--base", "old.json", "--destination", "new.json", "--events", "events.json"]
    with subprocess.Popen(
        [sys.executable, "-m", "segment_rehook_cli", *command],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"},
        stdout=terminal,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while more := os.read(controlling, 65_536):
                shown += more
        except OSError:  # Linux: EIO, at the end
            pass
        assert process.wait() == 1
    os.close(controlling)
    assert "│ track" in shown.decode()
    assert "metadata.total" in shown.decode()


def hostile_files() -> None:
    """Write events and a candidate with names and values that try to break out."""
    one = TRACK | {"event": HOSTILE, "messageId": HOSTILE, "properties": {HOSTILE: HOSTILE}}
    Path("events.json").write_text(json.dumps(one))
    named = {"id": HOSTILE.replace(":", "").replace("\n", "").replace("\x1b", "")}
    whole = {"subscriptions": [subscription(**named, settings=FIELDS), subscription()]}
    Path("new.json").write_text(json.dumps(whole))


def test_hostile_contents_can_not_control_a_terminal() -> None:
    """Control characters and marks of direction from events and files are escaped."""
    hostile_files()
    for form in ([], ["--json"], ["--markdown"]):
        result = run("--base", "old.json", *form)
        assert result.exit_code == 1
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", result.stdout)


def test_hostile_contents_can_not_leave_their_place_in_markdown() -> None:
    """Rendered, hostile text makes no link, no mention, no element and no further table."""
    hostile_files()
    text = run("--markdown").stdout
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {
        *("text", "html_inline", "strong_open", "strong_close", "softbreak"),
    }
    assert {child.content for child in inline if child.type == "html_inline"} == {
        "<code>",
        "</code>",
    }
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert {each.strip() for each in blocks} == {
        "<details><summary>Examples</summary>",
        "</details>",
    }
    [fence] = [token for token in tokens if token.type == "fence"]
    assert all(isinstance(json.loads(line), dict) for line in fence.content.splitlines())
    # GitHub looks for mentions and references in text outside of code.
    outside = re.sub(r"<code>.*?</code>", "", text.partition("<details>")[0])
    assert "@" not in outside
    assert "#" not in outside


def test_markdown_has_a_limit_and_says_what_is_left_out() -> None:
    """However large the values are, the text is short, and says how many examples are missing."""
    many = [TRACK | {"messageId": f"m{n}", "properties": {"x": "y" * 3000}} for n in range(60)]
    Path("events.json").write_text(json.dumps(many))
    text = run("--markdown", "--examples", "60").stdout
    assert len(text) <= diff_markdown.MAX_CHARACTERS
    assert re.search(r"^\d+ examples are left out", text, re.MULTILINE)
    assert text.count("```") == 2


def test_markdown_of_very_many_subscriptions_has_the_limit_too() -> None:
    """Rows that do not fit are left out, and the text says so."""
    many = [subscription(f"{n}{'|' * 90}") for n in range(50)]
    Path("old.json").write_text(json.dumps({"subscriptions": many}))
    text = run("--markdown", "--examples", "0").stdout
    assert len(text) <= diff_markdown.MAX_CHARACTERS
    assert "The rest is left out" in text


def test_an_interrupted_run_says_what_it_has_found(folder: Path) -> None:
    """Ctrl-C prints the result so far, says that it is not whole, and gives exit code 130."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    command = ["diff", "--json", "--base", "old.json", "--destination", "old.json"]
    with (
        subprocess.Popen(
            [sys.executable, "-m", "segment_rehook_cli", *command, "--events", str(pipe)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        pipe.open("w") as writer,  # opens as soon as the command reads
    ):
        writer.write(json.dumps(TRACK) + "\n" + "\n" * 300_000)
        writer.flush()  # more than the pipe holds: the command has read the event
        process.send_signal(signal.SIGINT)
        out, said = process.communicate()
    assert process.returncode == 130
    assert json.loads(out)["events"] == 1
    assert "interrupted; compared" in said


def test_help_says_that_examples_are_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help has an example, and says that examples show personal data."""
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["diff", "--help"])
    assert result.exit_code == 0
    assert "personal data" in result.stdout
    assert "Example" in result.stdout
