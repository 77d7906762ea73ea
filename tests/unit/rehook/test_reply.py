"""The table of failures in `rehook/reply.py`, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segment_rehook.rehook.reply import Answer, Reply, ReplyClass, Silence, judge

IDENTIFY, TRACK = "identifyUser", "trackEvent"
BOTH = (IDENTIFY, TRACK)
OK_BODY = {"message": "Request processed sucessfully", "requestId": "6df44043"}
PLAIN_ERROR = {"code": 400, "message": "no such event", "request_id": "22df9ba9"}
NAMES_A_FIELD = {
    "code": 401,
    "key": "event_name",
    "message": "event_name field is required",
    "details": "event_name field is required",
    "request_id": "22df9ba9",
}
NO_KEY = {"code": 401, "message": "unauthorized"}

STATUSES = range(200, 600)
THROTTLED = {408, 423, 425, 429}
CREDENTIALS = {401, 403}


def answered(
    status: int, body: Any = None, *, action: str = TRACK, headers: dict[str, str] | None = None
) -> Reply:
    """Judge an answer; `body` is JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return judge(Answer(status, headers or {}, raw), action=action, now=0.0)


def expected(status: int, action: str) -> ReplyClass:
    """Give the class of an answer whose body says nothing: the table, written a second time."""
    if 200 <= status < 300:
        return ReplyClass.DELIVERED
    if status in CREDENTIALS:
        return ReplyClass.CREDENTIALS
    if status in THROTTLED:
        return ReplyClass.THROTTLED
    if 300 <= status < 500:
        return ReplyClass.REJECTED
    if status >= 500 and (status == 503 or action == IDENTIFY):
        return ReplyClass.UNAVAILABLE
    return ReplyClass.UNKNOWN


@pytest.mark.parametrize("action", BOTH)
@pytest.mark.parametrize("body", [None, b"<html>oops</html>", OK_BODY], ids=["no", "html", "ok"])
def test_status_alone_decides_without_an_error_in_the_body(body: Any, action: str) -> None:
    """If the body names no error, the status alone decides the class."""
    replies = {status: answered(status, body, action=action) for status in STATUSES}
    assert {status: reply.kind for status, reply in replies.items()} == {
        status: expected(status, action) for status in STATUSES
    }
    assert [reply.code for reply in replies.values()] == [str(status) for status in STATUSES]


def test_only_503_may_be_tried_again_at_once() -> None:
    """Only a 503 allows a second try at once: it says that nothing was processed."""
    assert [status for status in STATUSES if answered(status).again_at_once] == [503]


@pytest.mark.parametrize(
    ("action", "outcome"), [(TRACK, ReplyClass.UNKNOWN), (IDENTIFY, ReplyClass.UNAVAILABLE)]
)
def test_a_503_that_is_not_trusted_counts_as_any_5xx(action: str, outcome: ReplyClass) -> None:
    """A 503 that is not trusted counts as any 5xx: a proxy may have given up too early."""
    reply = judge(Answer(503, {}, b""), action=action, now=0.0, trusts_503=False)
    assert reply.kind is outcome
    assert not reply.again_at_once


@pytest.mark.parametrize("status", [100, 102, 103, 600, 999])
def test_a_status_outside_the_table_leaves_the_outcome_of_an_event_unknown(status: int) -> None:
    """A status outside 200 to 599 is taken neither for a delivery nor for a failure."""
    assert answered(status).kind is ReplyClass.UNKNOWN


@pytest.mark.parametrize("status", [199, 101, 600])
def test_a_status_outside_the_table_lets_an_upsert_be_repeated(status: int) -> None:
    """An upsert may be repeated whatever its outcome was."""
    assert answered(status, action=IDENTIFY).kind is ReplyClass.UNAVAILABLE


@pytest.mark.parametrize("action", BOTH)
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("body", [PLAIN_ERROR, NAMES_A_FIELD, NO_KEY, {"code": 500}])
def test_a_success_with_an_error_in_its_body_is_rejected(
    status: int, body: Any, action: str
) -> None:
    """An error code in the body of a 2xx makes it a rejection."""
    reply = answered(status, body, action=action)
    assert reply.kind is ReplyClass.REJECTED
    assert reply.code == str(body["code"])


@pytest.mark.parametrize(
    ("code", "says_no"),
    [
        (400, True),
        ("401", True),
        (401.0, True),
        (1001, True),
        ("4001", True),
        ("0400", True),
        (999_999, True),
        ("999999", True),
        (1_000_000, False),
        ("1000000", False),
        (399, False),
        (200, False),
        ("200", False),
        (0, False),
        (-1, False),
        ("ERR_LIMIT", False),
        ("", False),
        ("4O1", False),
        pytest.param("٤٠١", False, id="digits, but not ASCII"),
        ("-401", False),
        (None, False),
        (True, False),
        ([401], False),
        (10**400, False),
        ("9" * 5000, False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_which_codes_of_a_body_say_no(code: Any, says_no: bool) -> None:
    """A code counts if it is a number, or its text, from 400 to 999,999."""
    reply = answered(200, {"code": code, "message": "m"})
    assert reply.kind is (ReplyClass.REJECTED if says_no else ReplyClass.DELIVERED)


@pytest.mark.parametrize("action", BOTH)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_names_a_field_is_the_payloads_fault(status: int, action: str) -> None:
    """A refusal that names a `key` is a rejection, also with a 401: another key pair can't help."""
    reply = answered(status, NAMES_A_FIELD, action=action)
    assert reply.kind is ReplyClass.REJECTED
    assert reply.code == "401"
    assert reply.key == "event_name"
    assert reply.message == "event_name field is required"
    assert reply.request_id == "22df9ba9"


@pytest.mark.parametrize("code", [401, "401", 403, "403"], ids=repr)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_names_no_field_concerns_the_key_pair(status: int, code: int | str) -> None:
    """A 401 or 403 without a `key`, as status or in the body, is about the key pair."""
    assert answered(status, {"code": code, "message": "no"}).kind is ReplyClass.CREDENTIALS


@pytest.mark.parametrize("key", [None, "", "  ", 0, False, ["event_name"], {"a": 1}])
def test_a_key_that_names_nothing_is_no_key(key: Any) -> None:
    """A `key` that is empty or no text counts as none, so check-auth decides."""
    assert answered(401, {"code": 401, "key": key}).kind is ReplyClass.CREDENTIALS


@pytest.mark.parametrize("status", sorted(THROTTLED))
def test_throttling_is_throttling_whatever_the_body_says(status: int) -> None:
    """A throttling status stays one when the body names a code and a key."""
    assert answered(status, NAMES_A_FIELD).kind is ReplyClass.THROTTLED


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("body", [PLAIN_ERROR, NAMES_A_FIELD, NO_KEY])
def test_a_server_error_with_an_error_body_leaves_an_events_outcome_unknown(
    status: int, body: Any
) -> None:
    """After a 5xx with an error body, Rehook may have given the reward: it is unknown."""
    assert answered(status, body).kind is ReplyClass.UNKNOWN


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_rejected_even_with_a_refusal_in_its_body(status: int) -> None:
    """A redirect is rejected, also when its body has a code of the key pair's."""
    reply = answered(status, NO_KEY, headers={"location": "https://elsewhere.example/"})
    assert reply.kind is ReplyClass.REJECTED


@pytest.mark.parametrize("action", BOTH)
def test_silence_is_unreachable_or_unknown(action: str) -> None:
    """Without an answer, a call that was not sent is unreachable, and one that was is unknown."""
    unsent = judge(Silence(sent=False, cause="dns_failed"), action=action, now=0.0)
    sent = judge(Silence(sent=True, cause="answer_timeout"), action=action, now=0.0)
    assert unsent == Reply(kind=ReplyClass.UNREACHABLE, code="dns_failed")
    assert sent == Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe",
        b"null",
        b"[]",
        b'["code", 401]',
        b"401",
        b'"code"',
        b'{"code": 401',
        b'{"code": 401}' + b" " * 70_000 + b"x",
        b"[" * 70_000,
        b'{"a":' * 5_000,
        b'{"code": NaN}',
        b'{"code": 1e999}',
        b'{"code": -1e999}',
        b"\xef\xbb\xbf{}",
        b'{"message": ["a"], "requestId": {"b": 1}, "key": 7}',
    ],
)
def test_garbage_reads_as_nothing(body: bytes) -> None:
    """A body that is not a JSON object is ignored, and the status decides."""
    reply = answered(200, body)
    assert reply == Reply(kind=ReplyClass.DELIVERED, code="200")
