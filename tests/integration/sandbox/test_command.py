"""Tests of `python -m tools.sandbox up`: what it prints, its errors, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from tests.integration.sandbox.conftest import FULL, STACK, ran, ready
from tools.sandbox import Sandbox

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

KEYS: Any = {
    "aws_access_key_id": "any",
    "aws_secret_access_key": "any",
    "region_name": "us-east-1",
}


def descendants(scratch: Path) -> list[int]:
    """List the processes of sandboxes whose scratch folder is in `scratch`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                shown = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(scratch).encode() in shown and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def until(holds: Callable[[], object]) -> None:
    """Wait up to 5 seconds until the condition holds."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(
    command: Callable[..., subprocess.Popen[str]], scratch: Path, number: signal.Signals
) -> None:
    """After SIGTERM, SIGINT or SIGKILL no process and no file of the sandbox remains."""
    process = command("--port", "0", "--json")
    ready(process)
    assert list(scratch.iterdir())
    assert len(descendants(scratch)) >= 5
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    until(lambda: not descendants(scratch) and not list(scratch.iterdir()))
    if number is not signal.SIGKILL:
        assert (process.returncode, output, errors) == (0, "", "")


def test_work_under_way_does_not_delay_the_end() -> None:
    """The end of the sandbox cuts off a batch and a request that functions are working on."""
    with Sandbox(built=STACK) as box, ThreadPoolExecutor(1) as pool:
        since = len(box.log)
        box.sqs.send_message(
            QueueUrl=box.queue("Letters").url,
            MessageBody="stall",
            MessageGroupId="g",
            MessageDeduplicationId="once",
        )
        box.log.wait_for(lambda line: "stall" in line.text, since=since)
        answer = pool.submit(box.segment.send_raw, b"sleep 0.9", {"content-type": "text/plain"})
        box.log.wait_for(lambda line: line.function == "Echo" and "START" in line.text, since=since)
        box.__exit__()
        assert not any("timed out" in line.text for line in box.log.lines(since=since))
        assert answer.exception(5) is not None or answer.result().status == 500


def test_the_line_says_where_everything_is(
    command: Callable[..., subprocess.Popen[str]],
) -> None:
    """The line has a fixed set of keys, with processes that run and addresses that answer."""
    process = command("--port", "0", "--json", "--parameter", "Greeting=good day")
    line = ready(process)
    first = {"aws", "functions", "pid", "rehook", "sharedSecret", "webhook"}
    later = {"awsControl", "control", "environment", "queues", "rehookControl", "stack", "tables"}
    assert set(line) == first | later
    assert line["pid"] == process.pid
    assert sorted(line["functions"]) == ["Consume", "Echo"]
    for pid in line["functions"].values():
        assert b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    answer = urllib3.request("POST", line["webhook"], body=b"{}")
    assert answer.json()["greeting"] == "good day"
    assert answer.json()["rehook"] == line["rehook"]
    for name in ("rehookControl", "awsControl"):
        assert urllib3.request("GET", f"{line[name]}/held").json() == 0
    assert urllib3.request("GET", f"{line['control']}/sandbox").json()["stack"] == line["stack"]
    sqs = boto3.client("sqs", endpoint_url=line["aws"], **KEYS)
    dynamodb = boto3.client("dynamodb", endpoint_url=line["aws"], **KEYS)
    assert sorted(sqs.list_queues()["QueueUrls"]) == sorted(line["queues"].values())
    assert dynamodb.list_tables()["TableNames"] == list(line["tables"].values())
    sqs.close()
    dynamodb.close()


def test_a_rehook_of_ones_own(command: Callable[..., subprocess.Popen[str]]) -> None:
    """With `--rehook-url` the functions get that address, and no fake Rehook is started."""
    process = command("--port", "0", "--json", "--rehook-url", "http://127.0.0.1:9")
    line = ready(process)
    assert line["rehook"] == "http://127.0.0.1:9"
    assert line["rehookControl"] is None
    assert urllib3.request("POST", line["webhook"], body=b"{}").json()["rehook"] == line["rehook"]


def test_a_mistake_is_one_line(command: Callable[..., subprocess.Popen[str]]) -> None:
    """An unknown parameter ends the command with an error that lists the known ones."""
    process = command("--port", "0", "--json", "--parameter", "Nonsense=1")
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == ""
    assert "Nonsense" in errors
    assert "Greeting" in errors


def test_a_port_in_use_is_one_sentence(
    command: Callable[..., subprocess.Popen[str]], scratch: Path, box: Sandbox
) -> None:
    """A port in use ends the command with one sentence that names `--port`; nothing is started."""
    port = box.url.rpartition(":")[2]
    process = command("--port", port, "--json")
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"The sandbox does not start: port {port} is in use; "
        "choose another with --port, 0 for any free one\n"
    )
    assert not list(scratch.iterdir())


def test_a_full_disk_is_one_sentence(
    command: Callable[..., subprocess.Popen[str]], scratch: Path, tmp_path: Path
) -> None:
    """A full disk ends the command with one sentence that names TMPDIR; nothing is left running."""
    (tmp_path / "sitecustomize.py").write_text(FULL)
    process = command("--port", "0", "--json", PYTHONPATH=str(tmp_path))
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"The sandbox does not start: no space is left in {scratch}; "
        "free some, or set TMPDIR to a folder that has more\n"
    )
    until(lambda: not descendants(scratch))
    assert not list(scratch.iterdir())


def test_a_template_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    """A template that is not YAML ends the command with the file's name and no traceback."""
    template = tmp_path / "template.yaml"
    template.write_text("Resources: [")
    done = ran("up", "--port", "0", "--template", str(template), "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The sandbox does not start: ")
    assert "template.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_redirected_keeps_its_lines(
    command: Callable[..., subprocess.Popen[str]],
) -> None:
    """If standard error is a pipe, log entries and addresses are not wrapped."""
    process = command("--port", "0")
    assert process.stderr is not None
    said: list[str] = []
    while not said or "failures list" not in said[-1]:
        said.append(process.stderr.readline().rstrip("\n"))
    [export] = [line for line in said if line.startswith("export ")]
    variables = dict(each.split("=", 1) for each in shlex.split(export)[1:])
    assert len(export) > 120
    assert sorted(variables) == [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "SANDBOX_CONTROL",
    ]
    [webhook] = [line.split()[-1] for line in said if "POST /segment" in line]
    urllib3.request("POST", webhook, body=b"x" * 200, headers={"content-type": "text/plain"})
    entry = ""
    while not entry.startswith("{"):
        entry = process.stderr.readline()
    assert json.loads(entry)["order"] == "x" * 100
