"""Tests of the queries for CloudWatch Logs Insights: no value can change what a query means."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.log.insights_query import any_of, begins, equals, query
from segment_rehook_cli.why.question import about_message_id, about_order
from tools.sandbox.aws_insights import Query
from tools.sandbox.aws_log_events import LogEvent

HOSTILE = (
    'a" or message = "x',
    "a\\",
    '\\" | limit 1 #',
    "a'b",
    "a|b",
    "/a/",
    '"""',
    "'''\\\\",
    "%_*?",
    "日本語",
    "a\u202eb",
    "é" * 100,
    "x" * 100,
    "a b\tc",
    "`a`",
    "#",
    "123",
    "1e5",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(min_size=1, max_size=120),
    st.text(alphabet="ab\"'\\|/`# .:", min_size=1, max_size=20),
)
PLAIN_QUERY = re.compile(r"[A-Za-z0-9@_.:=+\-\"|,() /^\[\]$]+")


def logged(number: int, **fields: str) -> LogEvent:
    """Make an outcome's line of the log."""
    text = json.dumps({"message": "outcome", "outcome": "delivered", **fields})
    return LogEvent(number, 1_000_000 + number, "group", "stream", text)


@given(TEXTS)
def test_a_query_has_no_character_that_would_need_an_escape(value: str) -> None:
    """Quotation marks are only those of the query itself, and no backslash is in it."""
    text = query(any_of(equals("message_id", value), begins("delivery", f"{value}:")))
    assert PLAIN_QUERY.fullmatch(text)
    assert text.count('"') % 2 == 0
    assert len(text) < 10_000


@given(TEXTS)
def test_a_query_finds_the_line_that_has_the_value(value: str) -> None:
    """Each line with the value is found; the query is one that Insights accepts."""
    condition = any_of(equals("message_id", value), begins("delivery", f"{value}:"))
    events = [
        logged(1, message_id=value),
        logged(2, delivery=f"{value}:track-event"),
        logged(3, message_id="another one altogether"),
    ]
    rows, _ = Query(query(condition)).run("123456789012", events)
    found = {row["@ptr"] for row in rows}
    assert {"1", "2"} <= found


@given(TEXTS)
def test_a_question_is_answered_by_its_own_lines_only(value: str) -> None:
    """What the query finds too many is dropped: other ids match in no other way than as a whole."""
    question = about_message_id(value)
    order = about_order(value)
    own = json.loads(logged(1, message_id=question.asked).message)["message_id"]
    assert own == question.asked
    assert question.key is not None
    assert order.key is not None
    for asked in (question, order):
        assert f"{asked.key}:s" in asked.deliveries(["s"])


@pytest.mark.parametrize("value", ["5f1c0e9a-2b1d-4a52-9d05-1c6cbb0f7a11", "order-1001", "a@b:c"])
def test_a_plain_id_is_compared_as_a_whole(value: str) -> None:
    """The id of an ordinary event finds that event alone."""
    assert equals("message_id", value) == f'message_id = "{value}"'


def test_the_deliveries_of_a_short_id_are_not_those_of_a_longer_one() -> None:
    """A plain key is compared from its beginning, with no character that means something else."""
    events = [
        logged(1, delivery="1.+:track"),
        logged(2, delivery="21.+:track"),
        logged(3, delivery="1xx:track"),
    ]
    rows, _ = Query(query(begins("delivery", "1.+:"))).run("123456789012", events)
    assert [row["@ptr"] for row in rows] == ["1"]


def test_an_id_without_a_letter_or_digit_asks_for_such_ids_only() -> None:
    """Lines of ordinary ids are not read in place of it."""
    condition = any_of(equals("message_id", '"""'), begins("delivery", '""":'))
    events = [logged(1, message_id='"""'), logged(2, message_id="m:1", delivery="m:1:track")]
    rows, _ = Query(query(condition)).run("123456789012", events)
    assert [row["@ptr"] for row in rows] == ["1"]
