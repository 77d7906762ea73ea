"""The command `cutover`: what it checks, in which order it changes what, and how it resumes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from botocore.exceptions import ClientError

from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.cutover.steps import RETRY_SECONDS
from segment_rehook_cli.stack.state import FRESH_SECONDS
from tests.unit.cli.cutover.aws_side import AwsSide


@pytest.fixture
def aws() -> AwsSide:
    """A stack that is paused since an hour, with three events waiting."""
    side = AwsSide()
    side.put("mode", "pause")
    side.clock.advance(3_600.0)
    side.waiting = 3
    side.clock.passed = lambda: settle(side)
    return side


def settle(aws: AwsSide) -> None:
    """What the functions do meanwhile: in `deliver` one event a look, the first is discarded."""
    if aws.mode is not Mode.DELIVER or not aws.waiting:
        return
    outcome = {3: ("dropped", "before_cutover"), 2: ("delivered", None), 1: ("delivered", None)}
    name, reason = outcome[aws.waiting]
    line = {"message": "outcome", "outcome": name, "reason": reason, "delivery": f"m{aws.waiting}"}
    aws.log("/redrive", json.dumps(line))
    aws.waiting -= 1


def ends(aws: AwsSide, action: str, at: float | None = None) -> int:
    """The exit code of an action that fails."""
    with pytest.raises(typer.Exit) as caught:
        aws.run(action, at)
    return caught.value.exit_code


def test_the_time_is_known_everywhere_before_anything_is_delivered(
    aws: AwsSide, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First the time is put, then all functions read it, then the mode is changed."""
    at = aws.clock.now() - 60.0
    aws.run("cut over", at, listed=tmp_path / "list")

    assert [name for name, _, _ in aws.changes] == ["cutover", "mode"]
    assert aws.changes[1][2] - aws.changes[0][2] >= FRESH_SECONDS
    assert (aws.cutover, aws.mode) == (at, Mode.DELIVER)
    [line] = (tmp_path / "list").read_text().splitlines()
    assert json.loads(line)["delivery"] == "m3"
    shown = capsys.readouterr()
    assert "delivered: 2, discarded: 1, duplicates: 0, parked: 0, waiting: 0" in shown.out
    assert "1 discarded event is listed in" in shown.err


def test_a_time_in_the_future_is_waited_for(aws: AwsSide) -> None:
    """Deliveries begin at the time, and the pause is announced from now on."""
    at = aws.clock.now() + 1_000.0
    aws.run("cut over", at)
    assert aws.changes[1][2] >= at


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(lambda aws: aws.put("mode", "deliver"), "mode", id="delivers"),
        pytest.param(lambda aws: aws.put("mode", "dry-run"), "mode", id="dry run"),
        pytest.param(lambda aws: aws.put("mode", "pause"), "stored from", id="paused just now"),
        pytest.param(lambda aws: aws.metrics.clear(), "events received", id="nothing comes"),
        pytest.param(
            lambda aws: aws.metrics.update(CredentialsRefused=1), "key pair", id="key pair"
        ),
    ],
)
def test_no_go_changes_nothing(
    aws: AwsSide, capsys: pytest.CaptureFixture[str], change: object, named: str
) -> None:
    """Each check can stop the cut-over, and says its name."""
    at = aws.clock.now() - 60.0
    assert callable(change)
    change(aws)
    if named == "mode":
        aws.clock.advance(600.0)
    assert ends(aws, "cut over", at) == 1
    assert aws.changes == []
    assert named in capsys.readouterr().err.partition("no-go: ")[2]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(lambda aws: setattr(aws, "waiting", 120_000), "events waiting", id="full"),
        pytest.param(lambda aws: aws.clock.advance(8.5 * 86_400), "time left", id="too long"),
    ],
)
def test_what_waiting_makes_no_better_is_told(
    aws: AwsSide, capsys: pytest.CaptureFixture[str], change: object, named: str
) -> None:
    """A pause that was too long, or too many events, do not stop the cut-over."""
    assert callable(change)
    change(aws)
    aws.run("check", aws.clock.now() - 60.0)
    assert named in capsys.readouterr().err.partition("go; not known: ")[2]


def test_a_check_alone_changes_nothing(aws: AwsSide, capsys: pytest.CaptureFixture[str]) -> None:
    """With --dry-run there are the figures, and no question."""
    aws.run("check", aws.clock.now() - 60.0)
    shown = capsys.readouterr()
    assert aws.changes == []
    assert "events waiting\tgo\t3; stored before TIME" in shown.out
    assert "go; not known: Rehook's key pair" in shown.err


@pytest.mark.parametrize("sleeps", range(12))
def test_interrupted_anywhere_it_goes_on_where_it_was(
    aws: AwsSide, sleeps: int, tmp_path: Path
) -> None:
    """Killed after any step and run again with the same time, it does each thing once."""
    at = aws.clock.now() - 60.0
    left = sleeps

    def interrupt() -> None:
        nonlocal left
        settle(aws)
        left -= 1
        if left < 0:
            aws.clock.passed = lambda: settle(aws)
            raise KeyboardInterrupt

    aws.clock.passed = interrupt
    assert ends(aws, "cut over", at) == 130
    aws.run("cut over", at, listed=tmp_path / "list")

    assert [name for name, _, _ in aws.changes] == ["cutover", "mode"]
    assert aws.changes[1][2] - aws.changes[0][2] >= FRESH_SECONDS
    assert (aws.cutover, aws.mode, aws.waiting) == (at, Mode.DELIVER, 0)
    assert len((tmp_path / "list").read_text().splitlines()) == 1


def test_where_aws_stops_answering_the_summary_comes_all_the_same(
    aws: AwsSide, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal while the queue empties leaves the deliveries to go on, and counts so far."""
    refused = ClientError({"Error": {"Code": "ExpiredToken"}}, "GetQueueAttributes")

    def refuse() -> None:
        if aws.mode is Mode.DELIVER:
            raise refused

    aws.clock.passed = refuse
    with pytest.raises(ClientError):
        aws.run("cut over", aws.clock.now() - 60.0, listed=tmp_path / "list")
    assert "delivered: 0, discarded: 0" in capsys.readouterr().out
    assert (tmp_path / "list").exists()


def test_two_operators_at_once_both_see_the_end(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever sets the mode first, the other command goes on as if it had, to its summary."""
    at = aws.clock.now() - 60.0

    def other() -> None:
        if aws.cutover is not None and aws.mode is Mode.PAUSE:
            aws.put("mode", "deliver")
        settle(aws)

    aws.clock.passed = other
    aws.run("cut over", at)
    assert [name for name, _, _ in aws.changes] == ["cutover"]
    assert "waiting: 0" in capsys.readouterr().out


def test_who_delivered_before_the_time_was_set_is_heard(
    aws: AwsSide, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody delivers while the question is answered: what was stored went out without a time."""
    at = aws.clock.now() - 60.0

    def answered(*_: object, **__: object) -> bool:
        aws.put("mode", "deliver")
        aws.clock.advance(1.0)
        return True

    monkeypatch.setattr("segment_rehook_cli.cutover.dialogue.confirmed_by_word", answered)
    assert ends(aws, "cut over", at) == 1
    assert "somebody has set the mode to deliver" in capsys.readouterr().err


def test_who_cancels_at_the_moment_of_delivering_is_heard(aws: AwsSide) -> None:
    """Without the time all that is stored would be delivered: the mode is pause again at once."""
    put = aws.put

    def cancels(name: str, value: str) -> None:
        put(name, value)
        if value == "deliver":
            aws.values.pop("cutover")

    aws.put = cancels  # type: ignore[method-assign]  # somebody else's hand, at this very moment
    assert ends(aws, "cut over", aws.clock.now() - 60.0) == 1
    assert aws.mode is Mode.PAUSE


def test_finish_looks_again_after_the_question(
    aws: AwsSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pauses while the question is answered: the time stays."""
    aws.run("cut over", aws.clock.now() - 60.0)

    def answered(*_: object, **__: object) -> bool:
        aws.put("mode", "pause")
        return True

    monkeypatch.setattr("segment_rehook_cli.cutover.dialogue.confirmed_by_word", answered)
    assert ends(aws, "finish") == 1
    assert aws.cutover is not None


def test_a_time_that_can_not_be_read_is_put_right(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions' warning names this command, so it works, though the pause is younger."""
    at = aws.clock.now() - 3_600.0
    aws.put("cutover", "noon")
    aws.put("mode", "pause")
    aws.clock.advance(600.0)
    aws.run("cut over", at)
    assert (aws.cutover, aws.mode) == (at, Mode.DELIVER)
    assert "stored from" in capsys.readouterr().err.partition("go; not known: ")[2]


def test_a_time_after_what_is_stored_expires_is_no_go(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped month would park everything before the bridge delivers anything."""
    assert ends(aws, "check", aws.clock.now() + 8.5 * 86_400) == 1
    assert "no-go: time left" in capsys.readouterr().err
    assert ends(aws, "check", aws.clock.now() + 185 * 86_400) == 1
    assert "176 days 1 hour before TIME" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["missing/list", "."])
def test_a_list_that_can_not_be_written_stops_it_before_it_begins(
    aws: AwsSide, tmp_path: Path, name: str
) -> None:
    """It is known at once, and not when the summary is due."""
    with pytest.raises(typer.Exit) as caught:
        aws.run("cut over", aws.clock.now() - 60.0, listed=tmp_path / name)
    assert (caught.value.exit_code, aws.changes) == (2, [])


def test_the_list_is_its_owners_only(aws: AwsSide, tmp_path: Path) -> None:
    """It names business keys, as an export does."""
    aws.run("cut over", aws.clock.now() - 60.0, listed=tmp_path / "list")
    assert (tmp_path / "list").stat().st_mode & 0o777 == 0o600


def test_without_a_terminal_and_yes_nothing_is_changed(aws: AwsSide) -> None:
    """A script must say --yes."""
    with pytest.raises(typer.Exit) as caught:
        aws.run("cut over", aws.clock.now() - 60.0, yes=False)
    assert (caught.value.exit_code, aws.changes) == (2, [])


def test_another_time_is_asked_about(aws: AwsSide) -> None:
    """A cut-over that is set is not replaced without a question."""
    aws.put("cutover", "2026-01-15T12:00:00Z")
    with pytest.raises(typer.Exit):
        aws.run("cut over", aws.clock.now() - 60.0, yes=False)
    assert aws.changes == []


def test_who_pauses_in_the_middle_is_heard(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends when somebody else changes the mode, and goes on when it is run again."""
    at = aws.clock.now() - 60.0

    def pause() -> None:
        settle(aws)
        if aws.waiting == 2:
            aws.put("mode", "pause")

    aws.clock.passed = pause
    assert ends(aws, "cut over", at) == 1
    assert "somebody has set the mode to pause" in capsys.readouterr().err
    aws.clock.passed = lambda: settle(aws)
    aws.run("cut over", at)
    assert aws.waiting == 0


def test_cancel_pauses_before_it_forgets_the_time(aws: AwsSide) -> None:
    """No function may deliver without the time, so it is removed when all have paused."""
    aws.run("cut over", aws.clock.now() - 60.0)
    aws.waiting, aws.changes = 5, []
    aws.run("cancel")

    assert [(name, value) for name, value, _ in aws.changes] == [
        ("mode", "pause"),
        ("cutover", None),
    ]
    assert aws.changes[1][2] - aws.changes[0][2] >= FRESH_SECONDS


def test_finish_waits_for_the_end_of_segments_retries(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before, it says what may come; after, it removes the time."""
    at = aws.clock.now() - 60.0
    aws.run("cut over", at)
    aws.changes = []
    with pytest.raises(typer.Exit) as caught:
        aws.run("finish", yes=False)
    assert (caught.value.exit_code, aws.changes) == (2, [])
    assert "too early: Segment may send events of before it again for" in capsys.readouterr().err
    aws.clock.advance(RETRY_SECONDS)
    aws.run("finish", yes=False)
    assert [(name, value) for name, value, _ in aws.changes] == [("cutover", None)]


@pytest.mark.parametrize(
    ("oldest", "seen", "early"),
    [
        (60.0, 90.0, False),
        (None, 60.0, True),
        (60.0, None, True),
        (9e5, 60.0, True),
        (60.0, 9e5, True),
    ],
)
def test_finish_waits_for_what_is_stored(
    aws: AwsSide, oldest: float | None, seen: float | None, early: bool
) -> None:
    """Events that wait may be of before the cut-over, unless both ages say that none is.

    SQS's age leaves out what was received repeatedly; redrive's has only what it received.
    """
    aws.run("cut over", aws.clock.now() - 60.0)
    aws.clock.advance(RETRY_SECONDS)
    aws.waiting, aws.oldest, aws.seen = 1, oldest, seen
    if early:
        with pytest.raises(typer.Exit):
            aws.run("finish", yes=False)
    else:
        aws.run("finish", yes=False)
    assert (aws.cutover is None) is not early


def test_finish_counts_what_a_later_pause_stored(aws: AwsSide) -> None:
    """In a pause after the cut-over, Segment's retries of before it are stored, not dropped."""
    aws.run("cut over", aws.clock.now() - 60.0)
    aws.clock.advance(3_600.0)
    aws.put("mode", "deliver")  # after a pause in the middle
    aws.clock.advance(RETRY_SECONDS)
    aws.waiting, aws.changes = 1, []
    aws.oldest = aws.seen = RETRY_SECONDS + 60.0
    with pytest.raises(typer.Exit):
        aws.run("finish", yes=False)
    assert aws.changes == []


def test_finish_in_a_pause_is_refused(aws: AwsSide) -> None:
    """Without the time, what is stored of before it would be delivered."""
    aws.put("cutover", "2026-01-15T12:00:00Z")
    assert ends(aws, "finish") == 1
    assert aws.changes == []


@pytest.mark.parametrize("action", ["cancel", "finish"])
def test_without_a_cutover_there_is_nothing_to_end(aws: AwsSide, action: str) -> None:
    """Neither changes a stack without a cut-over."""
    assert ends(aws, action) == 1
    assert aws.changes == []


def test_show_counts_a_copy_once(aws: AwsSide, capsys: pytest.CaptureFixture[str]) -> None:
    """An event that was discarded from the queue, and again as Segment's retry, is one."""
    aws.run("cut over", aws.clock.now() - 60.0)
    line = {
        "message": "outcome",
        "outcome": "dropped",
        "reason": "before_cutover",
        "delivery": "m3",
    }
    aws.log("/ingest", json.dumps(line))
    aws.log("/ingest", json.dumps({**line, "delivery": "m9"}))
    capsys.readouterr()
    aws.run("show")
    shown = capsys.readouterr().out
    assert "discarded: 2" in shown
    assert "mode\tdeliver" in shown
