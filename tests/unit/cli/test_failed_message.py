"""Tests of what a failed message says of itself, and of filters that are kept in a file."""

from __future__ import annotations

import json

import pytest

from segment_rehook.aws.sqs import batch_entry
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import ReplyClass
from segment_rehook_cli.failures.entry import entry_text, is_about
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.selection import QueueChoice, Selection

REQUEST = Request("POST", "/events/invoke", b'{"metadata":\n{"name":"J\xc3\xb6rg"}}')
EVENT = '{"type": "track",\r\n "messageId": "m1", "properties": {"name": "Jörg \u2028 😀"}}'


def failed(
    reason: str = "rejected",
    detail: str = "",
    *,
    event: bytes = EVENT.encode(),
    message: Outgoing | None = None,
) -> FailedMessage:
    """Make a parked message, as SQS hands it out."""
    header = Header(delivery="m1:track-event", user="hash", content="c", reason="x", token=3)
    letter = Letter(header=header, action="trackEvent", request=REQUEST, event=event)
    entry = batch_entry("0", message or letter.for_parking(reason, detail))
    raw = {
        "MessageId": "sqs-1",
        "ReceiptHandle": "receipt",
        "Body": entry["MessageBody"],
        "Attributes": {
            "MessageGroupId": "group",
            "SentTimestamp": "1768471200750",
            "ApproximateReceiveCount": "2",
        },
        "MessageAttributes": entry.get("MessageAttributes", {}),
    }
    return FailedMessage.from_sqs(QueueName.PARKED, raw)


@pytest.mark.parametrize(
    ("reason", "detail", "code", "reply_class"),
    [
        ("rejected", "400 referral_code: taken", "400", ReplyClass.REJECTED),
        ("outcome_unknown", "read_timeout", "read_timeout", ReplyClass.UNKNOWN),
        ("outcome_unknown", "claimant died", None, ReplyClass.UNKNOWN),
        ("gave_up", "429 last try: throttled", "429", ReplyClass.THROTTLED),
        ("gave_up", "connect_failed last try: unreachable", "connect_failed", "unreachable"),
        ("mapping_error", "400 is no name", None, None),
        ("crashes", "", None, None),
        ("unavailable", "", None, ReplyClass.UNAVAILABLE),
    ],
)
def test_code_and_class_are_told_as_far_as_the_message_has_them(
    reason: str, detail: str, code: str | None, reply_class: str | None
) -> None:
    """Code and class come from reason and detail, and only where a call was made."""
    found = failed(reason, detail)
    assert (found.code, found.reply_class) == (code, reply_class)


def test_a_foreign_message_is_unreadable() -> None:
    """A message of another sender has no delivery, and its body is shown as a text."""
    found = failed(message=Outgoing(group="g", dedupe="d", body="hello", attributes={"a": "b"}))
    summary = found.summary(1_768_471_260.0)
    assert (summary["delivery"], summary["reason"]) == (None, "unreadable")
    assert json.loads(entry_text(found, 0.0))["body"] == "hello"


def test_an_entry_is_one_line_of_ascii_with_everything() -> None:
    """Event and request are as they were, on one line, with other characters escaped."""
    found = failed(detail="400 no")
    text = entry_text(found, 1_768_471_260.75)
    assert text.isascii()
    assert text.splitlines() == [text]
    entry = json.loads(text)
    assert entry["event"] == json.loads(EVENT)
    assert entry["request"]["body"] == {"metadata": {"name": "Jörg"}}
    assert (entry["ageSeconds"], entry["since"]) == (60, "2026-01-15T10:00:00Z")
    assert entry["attributes"] == dict(found.message.attributes)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [("m1", True), ("m1:track-event", True), ("sqs-1", True), ("m", False), ("track-event", False)],
)
def test_an_event_is_found_by_each_of_its_ids(wanted: str, *, holds: bool) -> None:
    """By messageId, by the delivery's id and by SQS's id, and by no part of them."""
    assert is_about(failed(), wanted) is holds


def test_filters_come_back_from_a_file() -> None:
    """A selection that was written as JSON is the same when it is read."""
    chosen = Selection(
        queue=QueueChoice.PARKED,
        reason="rejected",
        reply_class=ReplyClass.REJECTED,
        user="hash",
        older_than=90.0,
    )
    assert Selection.of_json(json.loads(json.dumps(chosen.as_json()))) == chosen
    assert chosen.filtered
    assert not Selection(from_queue="https://sqs/1/a.fifo", queue=QueueChoice.PARKED).filtered
