"""Tests of the GitHub action check-destination: its shell steps, run with a stand-in for `gh`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.template.stack import ROOT

FOLDER = ROOT / ".github" / "actions" / "check-destination"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
INPUTS: dict[str, dict[str, Any]] = ACTION["inputs"]
BOT = "github-actions[bot]"

DESTINATION: dict[str, Any] = {
    "subscriptions": [
        {
            "id": "track",
            "actionSlug": "trackEvent",
            "trigger": 'type = "track"',
            "settings": {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}},
        }
    ]
}
RENAMED = json.loads(json.dumps(DESTINATION).replace('{"@path": "$.event"}', '"paid"'))
EVENT = {"type": "track", "messageId": "m1", "userId": "u1", "event": "Paid"}

GH = '''#!{python}
"""A stand-in for GitHub's command line: comments are kept in a file. It knows two calls."""
import json, os, sys
from pathlib import Path

words = sys.argv[1:]
store = Path(os.environ["GH_STORE"])
state = json.loads(store.read_text())
assert words.pop(0) == "api" and os.environ["GH_TOKEN"] == "made-up"
if state["refuses"]:
    sys.exit("HTTP 403: Resource not accessible by integration")
method = words[words.index("--method") + 1] if "--method" in words else "GET"
path = next(each for each in words if each.startswith("repos/"))
if method == "GET":
    assert "--paginate" in words
    assert words[words.index("--jq") + 1] == (
        ".[] | select(.user.login == env.AUTHOR and (.body | startswith(env.MARKER))) | .id"
    )
    assert path == "repos/o/r/issues/7/comments?per_page=100"
    for each in state["comments"]:
        own = each["login"] == os.environ["AUTHOR"]
        if own and each["body"].startswith(os.environ["MARKER"]):
            print(each["id"])
else:
    name, _, file = words[words.index("--field") + 1].partition("=@")
    assert name == "body"
    body = Path(file).read_text()
    if method == "POST":
        assert path == "repos/o/r/issues/7/comments"
        number = 100 + len(state["comments"])
        state["comments"].append({{"id": number, "login": "{bot}", "body": body}})
    else:
        start, _, number = path.rpartition("/")
        assert (method, start) == ("PATCH", "repos/o/r/issues/comments")
        [one] = [each for each in state["comments"] if each["id"] == int(number)]
        one["body"] = body
    store.write_text(json.dumps(state))
'''


@dataclass
class Runner:
    """A machine that runs the action's steps in a checkout, as GitHub's runner does."""

    folder: Path
    event: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        """The working directory of the steps."""
        return self.folder / "checkout"

    @property
    def summary(self) -> str:
        """What the steps wrote into the job's summary."""
        return (self.folder / "summary").read_text()

    @property
    def store(self) -> Path:
        """The file of the pull request's comments."""
        return self.folder / "comments.json"

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The pull request's comments."""
        found: list[dict[str, Any]] = json.loads(self.store.read_text())["comments"]
        return found

    def commit(self, **files: Any) -> str:
        """Write files (`_` stands for a full stop) and commit them; return the commit."""
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (self.checkout / name.replace("_", ".")).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *words: str) -> str:
        """Run git in the checkout."""
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        command = ["git", *identity, *words]
        return subprocess.run(
            command, cwd=self.checkout, capture_output=True, text=True, check=True
        ).stdout

    def run(self, **given: str) -> tuple[bool, dict[str, str], str]:
        """Run the shell steps but for the installation.

        Return whether all succeeded, the outputs, and the log. `given`: inputs, `_` for a hyphen.
        """
        inputs = {name: str(each.get("default", "")) for name, each in INPUTS.items()}
        inputs |= {"base": "", "github-token": "made-up"}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {
            "github.action_path": str(FOLDER),
            "github.repository": "o/r",
            "github.event.pull_request.number": "7",
            "github.server_url": "https://github.example",
            "github.run_id": "1",
        }
        outputs: dict[str, str] = {}
        log = ""
        for step in STEPS:
            if "run" not in step or step["name"] == "install":
                continue
            if step["name"].startswith("comment") and inputs["comment"] != "true":
                continue
            ran = self._step(step, known)
            log += ran.stdout + ran.stderr
            written = (self.folder / "output").read_text()
            outputs = dict(line.split("=") for line in written.splitlines())
            known |= {f"steps.check.outputs.{name}": value for name, value in outputs.items()}
            if ran.returncode:
                return False, outputs, log
        return True, outputs, log

    def _step(
        self, step: dict[str, Any], known: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        environment = {
            name: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: known[found[1]], value)
            for name, value in step["env"].items()
        }
        fixed = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GH_STORE": str(self.store),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.checkout,
            env=fixed | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Make a runner with an empty checkout, and a pull request with another person's comment."""
    made = Runner(tmp_path)
    for name in ("checkout", "bin", "temp/segment-rehook/bin"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("summary", "output"):
        (tmp_path / name).touch()
    made.git("init", "--quiet")
    python = tmp_path / "temp" / "segment-rehook" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    gh = tmp_path / "bin" / "gh"
    gh.write_text(GH.format(python=sys.executable, bot=BOT))
    for each in (python, gh):
        each.chmod(0o755)
    body = "<!-- segment-rehook check-destination destination --> mine"
    other = {"id": 5, "login": "mallory", "body": body}
    made.store.write_text(json.dumps({"refuses": False, "comments": [other]}))
    return made


def test_a_change_is_shown_in_the_summary_and_in_one_comment(runner: Runner) -> None:
    """The counts are in both; a second run updates the comment, and another's is left alone."""
    base = runner.commit(d_json=DESTINATION, e_json=EVENT)
    runner.commit(d_json=RENAMED)
    for _ in range(2):
        done, outputs, log = runner.run(destination="d.json", events="e.json", base=base)
        assert (done, outputs) == (True, {"valid": "true", "changed": "true"}), log
        assert log == ""
        other, own = runner.comments
        assert other["body"].endswith("mine")
        assert "**1 of 1 event changes.**" in own["body"]
    assert "**1 of 1 event changes.**" in runner.summary


def test_no_change_is_said(runner: Runner) -> None:
    """The same file on both sides gives no change and no failure, also if changes are failures."""
    base = runner.commit(d_json=DESTINATION, e_json=EVENT)
    done, outputs, log = runner.run(
        destination="d.json", events="e.json", base=base, fail_on_change="true"
    )
    assert (done, outputs) == (True, {"valid": "true", "changed": "false"}), log
    assert "No event of 1 changes." in runner.summary


def test_a_change_is_a_failure_if_so_ordered(runner: Runner) -> None:
    """With fail-on-change the last step fails, after the comment is written."""
    base = runner.commit(d_json=DESTINATION, e_json=EVENT)
    runner.commit(d_json=RENAMED)
    done, _, log = runner.run(
        destination="d.json", events="e.json", base=base, fail_on_change="true"
    )
    assert not done
    assert "::error::" in log
    assert len(runner.comments) == 2


def test_mistakes_fail_after_they_were_shown(runner: Runner) -> None:
    """A file with mistakes is a failure; the others are compared, and the comment has all."""
    base = runner.commit(d_json=DESTINATION, e_json=EVENT)
    runner.commit(d_json=RENAMED, bad_json='{"settings": {"x": 1}}')
    done, outputs, _ = runner.run(destination="bad.json\nd.json", events="e.json", base=base)
    assert (done, outputs) == (False, {"valid": "false", "changed": "true"})
    body = runner.comments[1]["body"]
    assert "settings.x" in body
    assert "**1 of 1 event changes.**" in body


@pytest.mark.parametrize(
    ("given", "valid", "said"),
    [
        ({"events": ""}, True, "It has no mistakes."),
        ({"destination": "new.json"}, True, "The base does not have this file"),
        ({"destination": "mended.json"}, True, "The base's file has mistakes"),
        ({"destination": "gone.json"}, False, "No such file"),
        ({"events": "gone/*.json"}, False, "No file of events has this name"),
        ({"events": "text.txt"}, False, "**It could not be compared:**"),
        ({"base": "0" * 40}, False, "`fetch-depth: 0`"),
        ({"base": "--help"}, False, "`fetch-depth: 0`"),
        ({"destination": "advised.json"}, True, "Advice:"),
    ],
    ids=str,
)
def test_what_can_not_be_compared_is_said(
    runner: Runner, given: dict[str, str], valid: bool, said: str
) -> None:
    """Each reason why there is no comparison is in the report; it fails only if it must."""
    base = runner.commit(d_json=DESTINATION, e_json=EVENT, mended_json="{", text_txt="no json")
    advised = json.loads(json.dumps(DESTINATION).replace("event_name", "evnt_name"))
    runner.commit(new_json=DESTINATION, mended_json=DESTINATION, advised_json=advised)
    done, outputs, log = runner.run(
        **{"destination": "d.json", "events": "e.json", "base": base} | given
    )
    assert done is valid, log
    assert outputs["valid"] == str(valid).lower()
    assert said in runner.summary


def test_without_the_permission_there_is_a_warning_and_no_failure(runner: Runner) -> None:
    """A token that may not comment, as in a pull request from a fork, fails nothing."""
    runner.commit(d_json=DESTINATION)
    runner.store.write_text(json.dumps({"refuses": True, "comments": []}))
    done, _, log = runner.run(destination="d.json")
    assert done
    assert log.startswith("::warning::")
    assert "pull-requests: write" in log


def test_no_comment_is_written_if_none_is_wanted(runner: Runner) -> None:
    """With comment: false the summary alone has the result."""
    runner.commit(d_json=DESTINATION)
    assert runner.run(destination="d.json", comment="false")[0]
    assert len(runner.comments) == 1
    assert "It has no mistakes." in runner.summary


def test_two_uses_have_two_comments(runner: Runner) -> None:
    """Each `key` has a comment of its own, and no key ends the marker's comment early."""
    runner.commit(d_json=DESTINATION)
    for key in ("one", "two", "--> <b>", "one"):
        assert runner.run(destination="d.json", key=key)[0]
    firsts = [each["body"].splitlines()[0] for each in runner.comments[1:]]
    assert firsts == [
        f"<!-- segment-rehook check-destination {key} -->" for key in ("one", "two", "--b")
    ]


def test_a_long_result_is_left_to_the_summary(runner: Runner) -> None:
    """A result above GitHub's limit for comments is replaced by a link to the run."""
    runner.commit(d_json={"settings": {f"{n}{'x' * 100}": 1 for n in range(800)}})
    runner.run(destination="d.json")
    [_, own] = runner.comments
    assert "https://github.example/o/r/actions/runs/1" in own["body"]
    assert len(own["body"]) < 1000


HOSTILE = [
    "$(touch pwned).json",
    "`touch pwned`.json",
    "a; touch pwned; .json",
    "-rf.json",
    "--help.json",
    "```\u202e<img src=x> @octocat.json",
    "a b *.json",
    "::set-output name=valid::no.json",
]


def test_a_hostile_name_is_a_name(runner: Runner) -> None:
    """Names of files reach no shell, no option, no log and no Markdown; the files are read."""
    for name in HOSTILE:
        (runner.checkout / name).write_text(json.dumps(DESTINATION))
    (runner.checkout / f"events {HOSTILE[0]}").write_text(json.dumps(EVENT))
    base = runner.commit()
    for name in HOSTILE:
        (runner.checkout / name).write_text(json.dumps(RENAMED))
    done, outputs, log = runner.run(destination="\n".join(HOSTILE), events="events *", base=base)
    assert (done, outputs, log) == (True, {"valid": "true", "changed": "true"}, "")
    assert runner.summary.count("**1 of 1 event changes.**") == len(HOSTILE)
    assert not (runner.checkout / "pwned").exists()
    lines = runner.summary.splitlines()
    for name in HOSTILE:
        assert f"    {name}" in lines
        assert not [line for line in lines if name in line and not line.startswith("    ")]


def test_hostile_contents_stay_in_their_block(runner: Runner) -> None:
    """Contents that look like Markdown, commands to the runner or outputs are shown as text."""
    hostile = "```\n::error::x\r\nvalid=no\n</details><b>@octocat"
    base = runner.commit(
        d_json=DESTINATION, e_json=EVENT | {"messageId": hostile, "userId": hostile}
    )
    changed = json.loads(json.dumps(RENAMED).replace('"paid"', json.dumps(hostile)))
    runner.commit(d_json=changed, bad_json=json.dumps({hostile: 1}))
    done, outputs, log = runner.run(destination="d.json\nbad.json", events="e.json", base=base)
    assert (done, outputs["changed"]) == (False, "true")
    assert log.count("::") == 2  # the action's own error
    for line in runner.summary.splitlines():
        assert not re.match(r"::error|valid=|</details><b>", line)
    fences = [line for line in runner.summary.splitlines() if line.startswith("```")]
    assert fences == ["```json", "```"]


def test_the_pull_requests_files_are_not_imported(runner: Runner) -> None:
    """A module in the checkout does not take the place of one of the command line's."""
    (runner.checkout / "typer.py").write_text("raise SystemExit('taken over')")
    runner.commit(d_json=DESTINATION)
    assert runner.run(destination="d.json")[0]
    assert "taken over" not in runner.summary


def test_the_page_has_every_input() -> None:
    """docs/mappings.md names each input and output, and its example uses our workflow's action."""
    page = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
    section = page.partition("### On a pull request")[2].partition("\n## ")[0]
    for name in (*INPUTS, *ACTION["outputs"]):
        assert f"`{name}`" in section
    workflow = (ROOT / ".github" / "workflows" / "mapping.yml").read_text(encoding="utf-8")
    [checkout] = re.findall(r"uses: actions/checkout@.+", workflow)
    assert checkout in section


def test_scripts_have_no_expressions() -> None:
    """Every expression is in `env`, where it is a value; in a script it would be code."""
    for step in STEPS:
        assert "${{" not in step.get("run", "")


def test_actions_are_pinned_and_packages_hashed() -> None:
    """The action that it uses has a commit, and the packages are installed by their hashes."""
    text = (FOLDER / "action.yml").read_text(encoding="utf-8")
    [used] = re.findall(r"uses: (.+)", text)
    gate = (ROOT / ".github" / "workflows" / "gate.yml").read_text(encoding="utf-8")
    assert f"uses: {used}\n" in gate
    [install] = [step["run"] for step in STEPS if step.get("name") == "install"]
    assert "--require-hashes" in install
    assert (ROOT / "requirements" / "cli.txt").exists()
