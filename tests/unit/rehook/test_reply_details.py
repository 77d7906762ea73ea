"""What a reply keeps of an answer besides its class: texts, ids, and the time to wait."""

from __future__ import annotations

import json
import time
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.reply import (
    MAX_REQUEST_ID_CHARACTERS,
    MAX_RETRY_AFTER,
    MAX_TEXT_CHARACTERS,
    Answer,
    Reply,
    ReplyClass,
    Silence,
    judge,
)
from segment_rehook.segment import jsontext

# 1994-11-06T08:49:37Z, the date of RFC 9110's examples.
THEN = 784111777.0

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ERROR_BODIES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["code", "key", "message", "details", "requestId", "request_id"],
        JSON_VALUES
        | st.sampled_from([400, 401, "401", 403, 429, 10**400])
        | st.text(st.characters(), max_size=600),
    ),
)
BODIES = (
    st.binary(max_size=200)
    | st.just(b'{"code": ' + b"9" * 5000 + b"}")
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | ERROR_BODIES.map(lambda value: jsontext.encode(cast("jsontext.JSON", value)))
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "content-type", "location"]), st.text(max_size=40)
)


def judged(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """Judge an answer to a `trackEvent` made at THEN."""
    return judge(
        Answer(status, headers or {}, jsontext.encode(body)), action="trackEvent", now=THEN
    )


@given(
    status=st.integers(min_value=-1, max_value=1000),
    headers=HEADERS,
    body=BODIES,
    action=st.sampled_from(["identifyUser", "trackEvent"]),
    now=st.floats(min_value=0, max_value=4e9),
)
def test_every_answer_is_judged(
    status: int, headers: dict[str, str], body: bytes, action: str, now: float
) -> None:
    """No bytes, status or header make it raise, and what it keeps is bounded and printable."""
    reply = judge(Answer(status, headers, body), action=action, now=now)
    assert reply.kind is not ReplyClass.UNREACHABLE
    assert len(reply.code) <= 6
    assert len(reply.message) <= MAX_TEXT_CHARACTERS
    assert reply.message.isprintable()
    assert reply.key is None or (
        0 < len(reply.key) <= MAX_TEXT_CHARACTERS and reply.key.isprintable()
    )
    assert reply.request_id is None or (reply.request_id.isascii() and reply.request_id)
    assert reply.retry_after is None or 0 <= reply.retry_after <= MAX_RETRY_AFTER
    if reply.kind is ReplyClass.DELIVERED:
        assert 200 <= status < 300
    if reply.kind is ReplyClass.REJECTED:
        assert 200 <= status < 500


@given(sent=st.booleans(), cause=st.text(), action=st.text())
def test_every_silence_is_judged_by_whether_anything_was_sent(
    sent: bool, cause: str, action: str
) -> None:
    """Without an answer, only whether anything was sent decides the class."""
    reply = judge(Silence(sent=sent, cause=cause), action=action, now=THEN)
    assert reply.kind is (ReplyClass.UNKNOWN if sent else ReplyClass.UNREACHABLE)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("  120 ", 120.0),
        ("003", 3.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60.0),
        ("Sun Nov  6 08:50:37 1994", 60.0),
        ("Sun, 06 Nov 1994 10:50:37 +0200", 60.0),
        ("Sun, 06 Nov 1994 08:50:37 -0000", 60.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
        ("-5", None),
        ("1.5", None),
        ("5, 10", None),
        ("", None),
        ("soon", None),
        ("Sun, 06 Nov 99999 08:50:37 GMT", None),
        ("Sun, 99 Nov 1994 08:50:37 GMT", None),
        ("٣", None),
        ("²", None),
    ],
)
def test_retry_after_in_each_of_its_forms(header: str, seconds: float | None) -> None:
    """Retry-After is read as seconds or a date (RFC 9110, 10.2.3), and held to 0 to 3,600 s."""
    assert judged(429, {}, {"retry-after": header}).retry_after == seconds


def test_a_date_without_a_zone_is_utc_wherever_the_bridge_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HTTP's dates are in UTC, whatever the machine's own time zone is."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "EST5")
        time.tzset()
        reply = judged(429, {}, {"retry-after": "Sun Nov  6 08:50:37 1994"})
    time.tzset()

    assert reply.retry_after == 60.0


@pytest.mark.parametrize("status", [200, 401, 408, 429, 500, 503])
def test_retry_after_is_read_with_any_status(status: int) -> None:
    """Retry-After is kept for each class of reply."""
    assert judged(status, {}, {"retry-after": "9"}).retry_after == 9.0


@pytest.mark.parametrize("name", ["requestId", "request_id"])
def test_request_id_under_both_names(name: str) -> None:
    """The request id is read from either of its two names."""
    assert judged(200, {name: "6df44043-1"}).request_id == "6df44043-1"
    assert judged(400, {name: "6df44043-1", "code": 400}).request_id == "6df44043-1"


@pytest.mark.parametrize("name", ["requestId", "request_id"])
@pytest.mark.parametrize(
    "unfit", ["", "a\nb", "ü", "\ud800", "x" * (MAX_REQUEST_ID_CHARACTERS + 1), 7, None, ["a"]]
)
def test_a_request_id_unfit_for_ledger_and_log_is_left_out(unfit: Any, name: str) -> None:
    """An id that is not printable ASCII, or too long, is dropped: logs and ledger hold it."""
    assert judged(200, {name: unfit}).request_id is None


@pytest.mark.parametrize("fit", ["r", "6df44043-1 ~", "x" * MAX_REQUEST_ID_CHARACTERS])
def test_a_request_id_is_kept_as_it_is(fit: str) -> None:
    """A request id that is kept is not changed, since Rehook's support looks it up."""
    assert judged(200, {"requestId": fit}).request_id == fit


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "m", "details": "d"}, "m"),
        ({"message": "", "details": "d"}, "d"),
        ({"message": {"a": 1}, "details": "d"}, "d"),
        ({"details": "d"}, "d"),
        ({"message": "x" * 9000}, "x" * MAX_TEXT_CHARACTERS),
        ({"message": "two\r\nlines\x00\ud800end"}, "two  lines  end"),
        ({"message": "नमस्ते"}, "नमस्ते"),
        ({}, ""),
    ],
)
def test_message_is_one_bounded_line(body: dict[str, Any], message: str) -> None:
    """A text is kept as one bounded line of printable characters."""
    assert judged(400, {**body, "code": 400}).message == message


def test_a_delivery_keeps_no_text() -> None:
    """A delivery keeps neither message nor key, since these are for parked messages only."""
    reply = judged(200, {"message": "Request processed sucessfully", "key": "k", "requestId": "r"})
    assert (reply.message, reply.key, reply.request_id) == ("", None, "r")


@pytest.mark.parametrize(
    ("status", "body", "blamed"),
    [
        (400, {"code": 400, "key": "referral_code", "message": "taken"}, True),
        (401, {"code": 401, "key": "referral_code", "message": "taken"}, True),
        (200, {"code": 400, "key": "referral_code"}, True),
        (400, {"code": 400, "key": "body.referral_code"}, True),
        (409, {"message": "Referral code belongs to another customer"}, True),
        (400, {"code": 400, "details": "duplicate referral_code"}, True),
        (400, {"code": 400, "key": "source_id", "message": "bad, see referral_code"}, False),
        (400, {"code": 400, "message": "referrals are closed"}, False),
        (400, {"code": 400}, False),
        (401, {"code": 401, "message": "no referral code service for this key"}, False),
        (429, {"code": 429, "key": "referral_code"}, False),
        (500, {"code": 500, "key": "referral_code"}, False),
        (200, {"message": "referral_code accepted"}, False),
    ],
)
def test_when_the_referral_code_is_to_blame(
    status: int, body: dict[str, Any], blamed: bool
) -> None:
    """Only a rejection blames the referral code: by its key, or if it has none, by its message."""
    assert judged(status, body).blames_referral_code is blamed
