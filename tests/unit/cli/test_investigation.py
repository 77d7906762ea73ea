"""Tests of the history that is made of what log, ledger and queues know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from segment_rehook.aws.items import mark_item, record_item
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.queues.message import Header
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.stack_logs import StackLogs
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why.delivery_facts import Sighting
from segment_rehook_cli.why.history import History
from segment_rehook_cli.why.history_table import show_history
from segment_rehook_cli.why.investigation import Investigation
from segment_rehook_cli.why.ledger_records import LedgerRecords
from segment_rehook_cli.why.question import Question, about_message_id, about_user
from segment_rehook_cli.why.queue_search import QueueSearch, SeenMessage
from tests.unit.cli.log_lines import NOW, FakeLogs, completed, row, text
from tests.unit.cli.test_conclusion import record
from tests.unit.cli.test_ledger_records import FakeTable
from tools.fakes.surroundings import FakeClock

ROW = list[dict[str, str]]


def told(
    question: Question,
    rows: Sequence[ROW],
    *,
    records: Sequence[Record] = (),
    subscriptions: Sequence[str] | None = ("track-event", "identify-user"),
    marks: Sequence[str] = (),
    since: float = NOW - 50 * DAY,
    **more: Any,
) -> History:
    """Make the history of a question. `marks`: users with a mark."""
    items = [record_item(each) for each in records]
    items += [mark_item(each, "name", 0) for each in marks]
    investigation = Investigation(
        question=question,
        window=TimeWindow(since, NOW),
        now=NOW,
        keeping=Keeping(),
        ledger=LedgerRecords(FakeTable(items), "ledger", FakeClock(NOW)),
        subscriptions=lambda: subscriptions,
        **more,
    )
    client = FakeLogs(results=[completed(rows[::-1])])  # the newest first, as asked
    history, _ = investigation.history(StackLogs(client, ["i", "r"], FakeClock(NOW)))
    return history


def logged(outcome: str, number: int, ago: float, **fields: Any) -> ROW:
    """Make a row about an event of this number."""
    given = {"message_id": f"m{number}", "delivery": f"m{number}:track-event"} | fields
    return row(text(outcome, **given), NOW - ago)


def test_only_lines_that_are_asked_for_are_told() -> None:
    """What the query finds too many is left out."""
    rows = [logged("delivered", 1, 60), logged("delivered", 11, 30)]
    history = told(about_message_id("m1"), rows)
    assert [each.message_id for each in history.steps] == ["m1"]
    assert history.complete


def test_without_a_line_the_ledger_is_asked_by_the_deployed_subscriptions() -> None:
    """The ledger keeps a delivery for longer than the log."""
    history = told(about_message_id("m1"), [], records=[record(State.DELIVERED)])
    assert [each.source for each in history.steps] == ["ledger"]
    assert history.sentence.startswith("The event m1 was delivered to Rehook at about")


def test_no_trace_says_what_was_asked() -> None:
    """The sentence dates back no further than the log is kept."""
    history = told(about_message_id("m1"), [])
    assert "has left no trace since 2026-12-16 08:00:00 UTC" in history.sentence
    assert "neither has the ledger" in history.sentence
    assert history.complete
    unasked = told(about_message_id("m1"), [], subscriptions=None)
    assert "the ledger was not asked" in unasked.sentence
    assert not unasked.complete


def test_a_cut_answer_is_not_complete() -> None:
    """More lines than one answer holds are named in a note."""
    history = told(about_message_id("m1"), [logged("delivered", 1, 1)] * 10_000)
    assert not history.complete
    assert "the oldest are missing" in history.notes[0]


def test_several_deliveries_are_one_sentence() -> None:
    """Each subscription has its part of it."""
    rows = [
        logged("delivered", 1, 60, rehook_request_id="r"),
        logged("stored", 1, 60, delivery="m1:identify-user", reason="user_waiting"),
    ]
    sentence = told(about_message_id("m1"), rows).sentence
    assert sentence.startswith(
        "The event m1 has 2 parts: for track-event it was delivered to Rehook"
    )
    assert "; for identify-user it waits since" in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def user_rows(number: int) -> list[ROW]:
    """Make lines of so many events of a user, one a minute."""
    return [logged("delivered", each, (number - each) * 60, user="abc") for each in range(number)]


def test_the_latest_deliveries_of_a_user_are_told() -> None:
    """Older ones and their steps are left out, and the sentence is about the last one."""
    history = told(about_user("abc"), user_rows(30), user="hash", last=5)
    assert [each.message_id for each in history.steps] == [f"m{each}" for each in range(25, 30)]
    assert "5 delivered; the last one (event m29, subscription track-event) was" in history.sentence
    assert "hash" not in history.sentence


def test_the_mark_of_a_user_is_told() -> None:
    """Also for a user without a line."""
    marked = told(about_user("abc"), user_rows(1), user="hash", marks=["hash"])
    assert marked.sentence.endswith("go through the queue, behind those that wait.")
    silent = told(about_user("abc"), [], user="hash", marks=["hash"])
    assert "The log has no line of the user since" in silent.sentence
    assert silent.sentence.endswith("go through the queue, behind those that wait.")


def test_a_message_that_was_seen_names_a_delivery_and_is_a_step() -> None:
    """What is found in a queue needs no line in the log."""
    header = Header(
        delivery="m1:track-event", user="u", content="c", reason="rejected", parked_token=1
    )
    seen = Sighting(QueueName.PARKED, "rejected", NOW - 60, was_parked=True, detail="400 no")
    looked = QueueSearch((SeenMessage(header, seen),), whole=True, notes=("a note",))
    history = told(about_message_id("m1"), [], looked=looked)
    [step] = history.steps
    assert step.what == "in the parking lot: Rehook refused it (400 no)"
    assert history.deliveries[0].standing == "parked"
    assert history.notes == ["a note"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_history_is_printed_as_data_or_as_a_table(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON is one line that can be read back; else the sentence is the last line."""
    history = told(about_message_id("m1"), [logged("delivered", 1, 60)])
    show_history(history, as_json=as_json)
    lines = capsys.readouterr().out.splitlines()
    if as_json:
        assert msgspec.json.decode(lines[0], type=History) == history
        assert len(lines) == 1
    else:
        assert lines[-1] == history.sentence
        assert lines[1].split("\t")[:3] == ["2027-01-15 07:59:00.000", "ingest", "m1:track-event"]


def test_nothing_of_an_id_controls_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters and marks of direction are escaped in steps and sentence."""
    name = "a\u202eb\x1b[2J"
    row_of_it = logged("delivered", 1, 60, message_id=name, delivery=f"{name}:track-event")
    history = told(about_user("abc"), [row_of_it], user="hash")
    replaced = msgspec.structs.replace(history, sentence=f"{history.sentence} {name}")
    show_history(replaced, as_json=False)
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.replace("\t", " ").splitlines())


@pytest.mark.parametrize("command", ["why", "tail"])
def test_help_has_examples(command: str) -> None:
    """Each command shows how it is used."""
    from segment_rehook_cli.main import app  # noqa: PLC0415 — all commands, which is slow

    shown = " ".join(CliRunner().invoke(app, [command, "--help"]).stdout.split())
    assert f"segment-rehook {command} " in shown
