"""`replay` and `reconcile` on the running bridge: each event once, in order, whatever happens."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from tests.end_to_end.conftest import NUMBERS, drain, rewards
from tools.sandbox import Fault, Kind, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Track = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("fresh")

PROGRAM = Path(sys.executable).with_name("segment-rehook")
USERS, EVENTS_EACH = 12, 15


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let --sandbox find this sandbox, whichever others run."""
    monkeypatch.setenv("SANDBOX_CONTROL", box.control_url)
    for name in ("SEGMENT_REHOOK_STACK", "SHARED_SECRET"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str | Path, text: str = "") -> Result:
    """Run a command on the sandbox."""
    return CliRunner().invoke(app, [*map(str, arguments), "--sandbox"], input=text)


def replay(*arguments: str | Path) -> dict[str, Any]:
    """Replay as fast as it goes, and give the lines of JSON by their kind."""
    result = run("replay", *arguments, "--yes", "--json", "--rate", "500")
    assert result.exit_code in {0, 1}, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {name: value for line in lines for name, value in line.items()} | {
        "exit": result.exit_code
    }


def taken(found: dict[str, Any]) -> int:
    """Count the events that were delivered, or are stored because this machine was too slow."""
    summary = found["summary"]
    return sum(summary.get(outcome, 0) for outcome in ("delivered", "stored"))


def write(file: Path, events: Sequence[dict[str, Any]]) -> Path:
    """Write an archive as Segment's S3 destination does: gzip, one event a line."""
    text = "".join(json.dumps(event) + "\n" for event in events)
    file.write_bytes(gzip.compress(text.encode()))
    return file


def archive_of(track: Track, users: Sequence[str], each: int = EVENTS_EACH) -> list[dict[str, Any]]:
    """Make events of several users, shuffled between users, in time order for each."""
    return [
        track(
            userId=user,
            timestamp=f"{2026}-11-20T10:{number:02}:00.000Z",
            receivedAt=f"{2026}-11-20T10:{number:02}:01.000Z",
            properties={"number": number},
            writeKey="a-source",
        )
        for number in range(each)
        for user in users
    ]


@pytest.fixture
def users() -> list[str]:
    """Users whom no other test knows."""
    return [f"replayed-{next(NUMBERS)}" for _ in range(USERS)]


def delivered_numbers(box: Sandbox, user: str) -> list[int]:
    """Give the numbers of the events that Rehook has acted on, in their order."""
    calls = (call for call in box.rehook.calls() if call.source_id == user)
    bodies = (json.loads(call.body) for call in calls)
    return [body["metadata"]["number"] for body in bodies if body.get("event_name") == "order"]


def test_only_what_is_new_is_sent_and_in_order(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """Of an archive that is delivered in part the rest is sent, and a second run sends nothing."""
    events = archive_of(track, users)
    assert box.segment.send_batch(events[: 3 * USERS]).body["delivered"] == 3 * USERS
    odd = [
        {"type": "page", "messageId": f"page-{users[0]}", "userId": users[0]},
        {"type": "track", "event": "order", "messageId": f"none-{users[0]}"},
        events[40],
    ]
    # In the file the events are out of order: their timestamps count.
    file = write(tmp_path / "archive.gz", [*reversed(events), *odd])
    dry = run("replay", file, "--dry-run", "--json")
    assert dry.exit_code == 0, dry.output
    plan = json.loads(dry.stdout)["plan"]
    assert plan["toSend"] == len(events) - 3 * USERS
    assert {name: number for name, number in plan["standings"].items() if number} == {
        "new": len(events) - 3 * USERS,
        "delivered": 3 * USERS,
        "ignored": 1,
        "dropped": 1,
        "repeated": 1,
    }
    assert plan["dropped"] == [
        {"subscription": "track-event", "reason": "missing_user_id", "events": 1}
    ]
    assert delivered_numbers(box, users[0]) == [0, 1, 2]
    found = replay(file)
    assert taken(found) == found["summary"]["sent"] == len(events) - 3 * USERS
    assert (found["summary"]["left"], found["summary"]["leftOut"], found["exit"]) == (0, 0, 0)
    drain(box)
    for user in users:
        assert delivered_numbers(box, user) == list(range(EVENTS_EACH))
    assert replay(file)["summary"]["sent"] == 0


@pytest.mark.parametrize("mode", ["deliver", "pause"])
def test_what_a_cutover_drops_is_no_work(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path, mode: str
) -> None:
    """The plan drops what the webhook would drop, or redrive after the pause."""
    file = write(tmp_path / "archive.gz", archive_of(track, users, 4))
    set_to = {"cutover": "2026-11-20T10:02:01Z", "mode": mode}
    for name, value in set_to.items():
        box.ssm.put_parameter(
            Name=box.secret_path(name), Value=value, Type="String", Overwrite=True
        )
    try:
        dry = run("replay", file, "--dry-run", "--json")
    finally:
        box.ssm.delete_parameters(Names=[box.secret_path(name) for name in set_to])
    assert "a cut-over at 2026-11-20T10:02:01Z is set" in dry.stderr
    plan = json.loads(dry.stdout)["plan"]
    assert (plan["toSend"], plan["standings"]["dropped"]) == (2 * USERS, 2 * USERS)
    assert [each["reason"] for each in plan["dropped"]] == ["before_cutover"]


def test_a_killed_run_is_resumed(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """After a SIGKILL in the middle the same command sends the rest: each reward is given once."""
    file = write(tmp_path / "archive.gz", archive_of(track, users))
    job = tmp_path / "replay.job"
    command: list[str | Path] = [
        PROGRAM,
        "replay",
        file,
        "--sandbox",
        "--yes",
        "--job",
        job,
        "--rate",
        "24",
    ]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE) as process:
        try:
            box.wait_until(lambda: sum(rewards(box, user) for user in users) > 2 * USERS, 60)
        finally:
            process.send_signal(signal.SIGKILL)
    before = sum(rewards(box, user) for user in users)
    assert before < USERS * EVENTS_EACH
    assert not json.loads(job.read_text())["ended"]
    assert replay(file, "--job", job)["summary"]["left"] == 0
    drain(box)
    assert Counter(rewards(box, user) for user in users) == {EVENTS_EACH: USERS}
    for user in users:
        assert delivered_numbers(box, user) == list(range(EVENTS_EACH))
    assert json.loads(job.read_text())["ended"]
    again = run("replay", file, "--yes", "--job", job)
    assert again.exit_code == 0
    assert "this job has ended; it sent" in again.stderr
    assert again.stdout == "sent: 0, left: 0, left out: 0\n"


def test_a_job_that_parked_an_event_has_one_exit_code(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """A resumed job counts what an earlier run has parked; so it does when it has ended."""
    box.rehook.fault(Fault(kind=Kind.ANSWER, status=400, match={"customer": users[0]}))
    file = write(tmp_path / "archive.gz", archive_of(track, users[:2], 1))
    job = tmp_path / "replay.job"
    assert replay(file, "--job", job)["exit"] == 1
    box.queue("ParkingLot").empty()
    kept = json.loads(job.read_text())
    assert (kept["outcomes"], kept["ended"]) == ({"delivered": 1, "parked": 1}, True)
    said = "2 events (delivered: 1, parked: 1)"
    for ended in (True, False):
        job.write_text(json.dumps(kept | {"ended": ended}))
        second = run("replay", file, "--yes", "--job", job)
        assert second.exit_code == 1
        assert f"sent {said}" in second.stderr
        assert second.stdout.splitlines()[-1] == "sent: 0, left: 0, left out: 0"


def test_an_interrupted_run_ends_with_its_summary(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """Ctrl-C ends the run after the request under way, with what was sent and what is left."""
    file = write(tmp_path / "archive.gz", archive_of(track, users))
    command: list[str | Path] = [PROGRAM, "replay", file, "--sandbox", "--yes", "--rate", "12"]
    with subprocess.Popen(
        command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            box.wait_until(lambda: any(rewards(box, user) for user in users), 60)
        finally:
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "sent: " in output.splitlines()[-1]
    assert "left: 0" not in output
    assert "interrupted; the same command sends what is left" in errors
    assert "Traceback" not in errors


def test_what_was_delivered_is_repeated_once(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """--again delivers again, resumed it repeats nothing twice, and new events are left out."""
    events = archive_of(track, users[:2], 3)
    assert box.segment.send_batch(events[:4]).body["delivered"] == 4
    file, job = write(tmp_path / "archive.gz", events), tmp_path / "again.job"
    assert run("replay", file, "--again", "--yes").exit_code == 2
    found = replay(file, "--again", "--job", job)
    assert taken(found) == found["plan"]["toSend"] == 4
    drain(box)
    assert [rewards(box, user) for user in users[:2]] == [4, 4]
    # As if the run had been killed before it could write its end.
    kept = json.loads(job.read_text())
    job.write_text(json.dumps({**kept, "ended": False}))
    resumed = replay(file, "--job", job)
    assert resumed["summary"]["sent"] == 0
    assert resumed["plan"]["repeatedBefore"] == 4
    assert [rewards(box, user) for user in users[:2]] == [4, 4]
    assert replay(file, "--again", "--job", tmp_path / "another.job")["summary"]["sent"] == 4


def test_what_fails_waits_or_is_parked_and_is_reconciled(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """The answers' outcomes are counted; `reconcile` tells each one, and what nobody knows of."""
    box.pollers["RedriveFunction"].pause()
    try:
        for user, status in ((users[0], 400), (users[1], 503)):
            fault = Fault(kind=Kind.ANSWER, status=status, times=None, match={"customer": user})
            box.rehook.fault(fault)
        events = archive_of(track, users[:4], 1)
        file = write(tmp_path / "archive.gz", events)
        found = replay(file)
        assert found["summary"] == {
            "sent": 4, "delivered": 2, "parked": 1, "stored": 1, "left": 0, "leftOut": 0
        }  # fmt: skip
        assert found["exit"] == 1
        lost = track(userId=users[5], timestamp="2026-11-20T10:00:00.000Z")
        whole = write(tmp_path / "whole.gz", [*events, lost])
        result = run("reconcile", whole, "--json", "--look-in-queues")
        assert result.exit_code == 1, result.output
        counts, *listed = map(json.loads, result.stdout.splitlines())
        standings = counts["counts"]["standings"]
        assert {name: number for name, number in standings.items() if number} == {
            "delivered": 2, "parked": 1, "waiting": 1, "new": 1
        }  # fmt: skip
        assert {(each["standing"], each["messageId"]) for each in listed} == {
            ("new", lost["messageId"]),
            ("parked", events[0]["messageId"]),
        }
        box.queue("ParkingLot").empty()
        gone = run("reconcile", whole, "--look-in-queues")
        assert f"gone\t{events[0]['messageId']}" in gone.stdout
        assert f"new\t{lost['messageId']}" in gone.stdout
    finally:
        box.rehook.clear()
        for name in ("ParkingLot", "DeadLetterQueue"):
            box.queue(name).empty()
        box.pollers["RedriveFunction"].resume()


def test_the_log_knows_what_the_ledger_does_not(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """An event whose record is gone is delivered by the log; without the log nobody knows it."""
    event = track(userId=users[0], timestamp="2026-11-20T10:00:00.000Z")
    assert box.segment.send(event).body["delivered"] == 1
    [table] = box.stack.tables.values()
    key = {"id": {"S": f"delivery#{event['messageId']}:track-event"}}
    box.dynamodb.delete_item(TableName=table.name, Key=key)
    file = write(tmp_path / "archive.gz", [event])
    assert run("reconcile", file).exit_code == 0
    without = run("reconcile", file, "--no-log")
    assert without.exit_code == 1
    assert f"new\t{event['messageId']}" in without.stdout


def test_events_that_the_ledger_may_have_forgotten_are_left_out(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """An event older than LedgerDays is sent with --beyond-ledger only, and is no loss.

    A job that has left it out says so again when it has ended, with the same exit code.
    """
    old = track(userId=users[0], timestamp="2020-01-15T10:00:00.000Z")
    file = write(tmp_path / "archive.gz", [old])
    assert run("reconcile", file).exit_code == 0
    job = tmp_path / "replay.job"
    first, second = replay(file, "--job", job), replay(file, "--job", job)
    for found in (first, second):
        assert (found["summary"]["leftOut"], found["summary"]["sent"], found["exit"]) == (1, 0, 1)
    again = run("replay", file, "--yes", "--job", job)
    assert again.exit_code == 1
    assert "this job has ended; it sent 0 events\n" in again.stderr
    assert "1 event is left out: nobody can know" in again.stderr
    assert "needs another job file" in again.stderr
    assert rewards(box, users[0]) == 0
    assert replay(file, "--beyond-ledger")["exit"] == 0
    assert rewards(box, users[0]) == 1


def test_an_export_of_failures_is_an_archive(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """What `failures export` wrote is read: the events are known to be parked, and are not sent."""
    box.rehook.fault(Fault(kind=Kind.ANSWER, status=400, match={"customer": users[0]}))
    event = track(userId=users[0], timestamp="2026-11-20T10:00:00.000Z")
    assert box.segment.send(event).body["parked"] == 1
    file = tmp_path / "export.ndjson"
    assert run("failures", "export", "--output", file).exit_code == 0
    found = replay(file)
    box.queue("ParkingLot").empty()
    assert found["plan"]["standings"]["parked"] == found["plan"]["read"] == 1
    assert found["summary"]["sent"] == 0


def test_a_wrong_secret_sends_nothing(
    box: Sandbox,
    track: Track,
    users: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refusing webhook ends the run at its first request; the message names what to do."""
    monkeypatch.setenv("SHARED_SECRET", "not-of-this-stack")
    file = write(tmp_path / "archive.gz", archive_of(track, users[:2], 2))
    result = run("replay", file, "--yes")
    assert result.exit_code == 3
    assert "401 signature_wrong" in result.stderr
    assert "not-of-this-stack" not in result.output
    assert result.stdout.splitlines()[-1] == "sent: 0, left: 4, left out: 0"
    assert not any(rewards(box, user) for user in users)


def test_refused_parameters_end_the_command_before_it_reads(box: Sandbox, tmp_path: Path) -> None:
    """If SSM refuses the secret, one line says so, with the exit code for AWS's refusals."""
    body = json.dumps({"__type": "AccessDeniedException", "message": "not authorized"})
    box.aws.fault(
        Fault(
            kind=Kind.ANSWER,
            status=400,
            body=body,
            times=None,
            match={"service": "ssm", "operation": "GetParameter", "caller": "operator"},
        )
    )
    result = run("replay", tmp_path / "not-there", "--yes")
    assert result.exit_code == 3
    assert "GetParameter: AccessDeniedException" in result.stderr
    assert "Traceback" not in result.output


def test_a_bad_file_stops_the_command_before_anything_is_sent(
    box: Sandbox, track: Track, users: list[str], tmp_path: Path
) -> None:
    """A truncated file, a line that is no JSON, a warehouse's row: named, and nothing is sent."""
    good = write(tmp_path / "good.gz", archive_of(track, users[:1], 2))
    cut = tmp_path / "cut.gz"
    cut.write_bytes(good.read_bytes()[:-12])
    text = json.dumps(track(userId=users[0])) + "\n"
    bad = tmp_path / "bad.ndjson"
    bad.write_text(text + '{"type": "track"\n' + text)
    row = tmp_path / "row.ndjson"
    row.write_text(text + '\n{"id": "m", "event_text": "order", "received_at": "2026-11-20"}\n')
    for file, said in (
        (cut, f"{cut}: it is gzip, but its end is missing"),
        (bad, f"{bad}: line 2 is not JSON"),
        (row, f"{row}, line 3: this is a row of a warehouse"),
        (tmp_path / "none", f"{tmp_path / 'none'}: No such file or directory"),
    ):
        result = run("replay", good, file, "--yes")
        assert result.exit_code == 2, result.output
        assert f"nothing was sent: {said}" in result.stderr
        assert run("reconcile", good, file).exit_code == 2
    assert not rewards(box, users[0])


def test_a_stack_that_needs_a_token_for_batches_gets_single_events(
    shared: Sandbox, track: Track, users: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With BatchToken=required each event is a request of its own, in order for each user."""
    del shared  # it has built what runs
    events = archive_of(track, users[:4], 3)
    with Sandbox(parameters={"BatchToken": "required"}) as box:
        monkeypatch.setenv("SANDBOX_CONTROL", box.control_url)
        assert box.segment.send_batch(events[:2]).status == 503
        found = replay(write(tmp_path / "archive.gz", events))
        assert taken(found) == len(events)
        drain(box)
        for user in users[:4]:
            assert delivered_numbers(box, user) == [0, 1, 2]
