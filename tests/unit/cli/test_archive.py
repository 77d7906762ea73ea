"""The parts of an archive's plan: files, choice, repetitions, the spool, and job files."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery import ids
from segment_rehook.segment.event import Event
from segment_rehook_cli.archive.again import repetition_of
from segment_rehook_cli.archive.archive_file import ArchiveUnreadable, read_archive
from segment_rehook_cli.archive.choice import Choice, time_of
from segment_rehook_cli.archive.replay_job import ReplayJob
from segment_rehook_cli.archive.spool import Spool, SpooledEvent
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.stack.job_file import JobUnreadable, read_job, write_job

TRACK = {"type": "track", "event": "order", "messageId": "m1", "userId": "u1"}
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def event(**members: Any) -> Event:
    """Give a track event with more members."""
    return Event.parse(json.dumps({**TRACK, **members}).encode())


def test_an_exported_event_is_read_as_it_stands(tmp_path: Path) -> None:
    """Of a line of `failures export` the event's own text is taken, with its numbers unchanged."""
    text = '{"type":"track","messageId":"m1","properties":{"n":1.50,"big":12345678901234567890}}'
    line = f'{{"queue": "parked", "delivery": "d", "sqsMessageId": "s", "event": {text}}}'
    file = tmp_path / "export.ndjson"
    file.write_text(f"{line}\n{text}\n")
    assert [each.raw for each in read_archive([file])] == [text.encode()] * 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "m", "received_at": "t", "user_id": "u"}', "a row of a warehouse"),
        ('{"queue": "parked", "delivery": null, "sqsMessageId": "s", "body": "x"}', "has no event"),
        ('{"name": "order"}', "not a Segment event"),
        ('"text"', "an event is an object, not a string"),
    ],
)
def test_what_is_no_event_is_named_by_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    """The error has the file's name and the line's number, and nothing that the line holds."""
    file = tmp_path / "archive.ndjson"
    file.write_text(f"{json.dumps(TRACK)}\n\n{line}\n")
    with pytest.raises(ArchiveUnreadable, match=said) as raised:
        list(read_archive([file]))
    assert str(raised.value).startswith(f"{file}, line 3: ")


@given(TEXTS, st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=3), st.booleans())
def test_a_repetition_differs_in_its_id_only(
    message_id: str, properties: dict[str, Any], has_id: bool
) -> None:
    """The content's fingerprint stays; the key is new, and the same for the same marker."""
    members = {"messageId": message_id} if has_id else {"messageId": None, "timestamp": "2026"}
    original = event(properties=properties, **members)
    repeated = repetition_of(original, "0a0b")
    for by_business_key in (True, False):
        assert ids.fingerprint(repeated, by_business_key=by_business_key) == ids.fingerprint(
            original, by_business_key=by_business_key
        )
    assert ids.event_key(repeated) == ids.event_key(repetition_of(original, "0a0b"))
    assert ids.event_key(repeated) != ids.event_key(original)
    assert ids.event_key(repeated) != ids.event_key(repetition_of(original, "0c0d"))
    others = {**repeated.members(), "messageId": original.member("messageId")}
    assert others == original.members()


def test_a_repetition_of_odd_text_is_readable() -> None:
    """Half of a surrogate pair, which only an escape can hold, survives."""
    original = Event.parse(b'{"type":"track","messageId":"m\\ud800","userId":"u"}')
    repeated = repetition_of(original, "0a0b")
    assert ids.event_key(repeated) not in {None, ids.event_key(original)}


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(), True),
        (Choice(since=1_767_225_600.0), True),
        (Choice(since=1_767_225_600.5), False),
        (Choice(until=1_767_225_600.0), True),
        (Choice(until=1_767_225_599.5), False),
        (Choice(types=("identify",)), False),
        (Choice(types=("identify", "track")), True),
        (Choice(names=("order",)), True),
        (Choice(names=("refund",)), False),
    ],
)
def test_what_is_chosen(choice: Choice, taken: bool) -> None:
    """Both ends of the time count as inside; names are those of track events."""
    found = event(timestamp="2026-01-01T00:00:00Z")
    assert choice.takes(found, time_of(found)) is taken


def test_the_time_of_an_event() -> None:
    """Its timestamp, else its receivedAt; without either --since and --until take it not."""
    assert time_of(event(receivedAt="1970-01-01T00:00:05Z")) == 5.0
    assert time_of(event(timestamp=7, receivedAt="1970-01-01T00:00:05Z")) == 5.0
    assert time_of(event()) is None
    assert not Choice(since=0.0).takes(event(), None)


def test_the_spool_finds_repetitions_and_corrects() -> None:
    """The first event with a delivery is told from the same one again and from another one."""
    with closing(Spool()) as spool:
        assert spool.first_with("d", "content", 1) is True
        assert spool.first_with("d", "content", 2) is False
        assert spool.first_with("d", "another", 3) is None
        assert (spool.number_of("d"), spool.number_of("e")) == (1, None)
        numbers = range(1, 2_502)
        spool.add(SpooledEvent(each, f"m{each}", 0.0, None, EventStanding.NEW) for each in numbers)
        spool.correct(7, EventStanding.PARKED)
        assert spool.standing(7) is EventStanding.PARKED
        assert spool.counts() == {EventStanding.NEW: 2_500, EventStanding.PARKED: 1}
        new = [each.number for each in spool.with_standing(EventStanding.NEW)]
        assert new == [number for number in range(1, 2_502) if number != 7]


JOB = ReplayJob(
    stack="prod",
    account="1",
    region="eu-west-1",
    choice=Choice(since=1.0, types=("track",)),
    beyond_ledger=False,
    marker="0a0b",
    digest="d",
    started_at=2.0,
    sent=3,
)


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The file has all of the job, and only its owner can read it."""
    file = tmp_path / "job"
    assert read_job(file, ReplayJob) is None
    write_job(file, JOB)
    assert read_job(file, ReplayJob) == JOB
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    write_job(file, replace(JOB, ended=True))
    assert read_job(file, ReplayJob) == replace(JOB, ended=True)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"command": "redrive", "version": 1}', '{"command": "replay", "version": 1}'],
)
def test_another_file_is_no_job(tmp_path: Path, text: str) -> None:
    """A file of another command, or of nothing, is refused and is not written over."""
    file = tmp_path / "job"
    file.write_text(text)
    with pytest.raises(JobUnreadable, match="not a job file of `replay`"):
        read_job(file, ReplayJob)
