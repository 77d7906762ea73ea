"""Tests of a replay's job file: who may begin a job, and what is left if it can't be begun."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import boto3
import pytest
import typer

from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.archive.replay_job import KeptReplay, ReplayJob, kept_replay
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.stack import job_file
from segment_rehook_cli.stack.stack import Stack


def start(file: Path, marker: str) -> KeptReplay:
    """Start `replay --again --job FILE`, up to where it has asked."""
    stack = Stack(
        name="prod",
        account="1",
        region="eu-west-1",
        outputs={},
        parameters={},
        session=boto3.Session("made-up", "made-up", region_name="eu-west-1"),
    )
    options = ReplayOptions(
        files=(file,),
        choice=Choice(),
        rate=1.0,
        dry_run=False,
        again=True,
        beyond_ledger=False,
        job=file,
        yes=True,
        as_json=False,
    )
    return kept_replay(stack, options, marker=marker, now=0.0)


def test_of_two_first_starts_of_a_job_the_second_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two that find no file would repeat everything twice: the later one ends before it sends."""
    file = tmp_path / "again.job"
    first, second = start(file, "one"), start(file, "two")
    first.begin()
    with pytest.raises(typer.Exit) as ended:
        second.begin()
    assert ended.value.exit_code == 2
    assert "another run has begun this job" in capsys.readouterr().err
    kept = job_file.read_job(file, ReplayJob)
    assert kept is not None
    assert kept.marker == "one"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_job_that_is_there_is_resumed(tmp_path: Path) -> None:
    """A later start repeats with the marker of the first, and may begin."""
    file = tmp_path / "again.job"
    start(file, "one").begin()
    resumed = start(file, "two")
    resumed.begin()
    assert resumed.job.marker == "one"


def test_a_job_that_can_not_be_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk nothing is sent, and the same command can be run again."""

    def full(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job_file, "write_job", full)
    file = tmp_path / "again.job"
    with pytest.raises(typer.Exit) as ended:
        start(file, "one").begin()
    assert ended.value.exit_code == 2
    assert not file.exists()
