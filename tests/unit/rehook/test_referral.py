"""`referralConflict: resend`, over a Rehook that answers from a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from segment_rehook.rehook.deadline import Clocks
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.referral import ResendWithoutCode
from segment_rehook.rehook.reply import Reply, ReplyClass

BODY = {
    "source_id": "u1",
    "metadata": {"n": 10**20, "referral_code": "KMN"},
    "referral_code": "KMN",
}
TAKEN = Reply(kind=ReplyClass.REJECTED, code="400", key="referral_code", message="taken")
DELIVERED = Reply(kind=ReplyClass.DELIVERED, code="200")


class Scripted:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *replies: Reply, while_answering: Callable[[], None] = lambda: None) -> None:
        self.replies = list(replies)
        self.calls: list[tuple[Request, float, str]] = []
        self.while_answering = while_answering

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Give the next reply."""
        self.calls.append((request, timeout, action))
        self.while_answering()
        return self.replies[len(self.calls) - 1]

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Say yes if asked with seven seconds."""
        return timeout == 7.0


def identify(body: dict[str, Any] | None = None) -> Request:
    """The request of an identify."""
    return Request("POST", "/customers", json.dumps(BODY if body is None else body).encode())


def call(rehook: Scripted, request: Request, action: str = "identifyUser") -> Reply:
    """Call with two seconds."""
    return ResendWithoutCode(rehook).call(request, timeout=2.0, action=action)


def test_a_refused_code_is_left_out_and_the_rest_sent_again() -> None:
    """The traits arrive, a code within them too, and big numbers keep their digits."""
    rehook = Scripted(TAKEN, DELIVERED)
    assert call(rehook, identify()) == DELIVERED
    first, second = (made[0] for made in rehook.calls)
    assert first == identify()
    assert (second.method, second.path) == (first.method, first.path)
    assert json.loads(second.body) == {"source_id": "u1", "metadata": BODY["metadata"]}


def test_it_is_sent_again_once_only() -> None:
    """Whatever the second answer is, it is the answer."""
    rehook = Scripted(TAKEN, TAKEN)
    assert call(rehook, identify()) == TAKEN
    assert len(rehook.calls) == 2


@pytest.mark.parametrize(
    "reply",
    [
        DELIVERED,
        Reply(kind=ReplyClass.REJECTED, code="400", key="source_id"),
        Reply(kind=ReplyClass.REJECTED, code="400", message="no"),
        Reply(kind=ReplyClass.UNAVAILABLE, code="500", key="referral_code"),
        Reply(kind=ReplyClass.UNKNOWN, code="answer_timeout"),
    ],
    ids=lambda reply: f"{reply.kind}-{reply.key}",
)
def test_nothing_else_is_sent_again(reply: Reply) -> None:
    """Another field's fault is not mended by leaving the code out."""
    rehook = Scripted(reply)
    assert call(rehook, identify()) == reply
    assert len(rehook.calls) == 1


def test_an_event_is_never_sent_again() -> None:
    """The setting is about identifies; an event may hand out a reward."""
    rehook = Scripted(TAKEN)
    assert call(rehook, identify(), action="trackEvent") == TAKEN
    assert len(rehook.calls) == 1


def test_an_identify_without_a_code_is_not_sent_again() -> None:
    """There is nothing to leave out."""
    rehook = Scripted(TAKEN)
    assert call(rehook, identify({"source_id": "u1"})) == TAKEN
    assert len(rehook.calls) == 1


def test_both_calls_share_one_time_out() -> None:
    """The second has what the first left of it."""
    now = [0.0]

    def pass_time() -> None:
        now[0] += 0.5

    rehook = Scripted(TAKEN, DELIVERED, while_answering=pass_time)
    clocks = Clocks(monotonic=lambda: now[0], wall=lambda: now[0])
    ResendWithoutCode(rehook, clocks).call(identify(), timeout=2.0, action="identifyUser")
    assert [timeout for _, timeout, _ in rehook.calls] == [2.0, 1.5]


def test_check_auth_goes_through() -> None:
    """It has nothing to do with codes."""
    assert ResendWithoutCode(Scripted()).credentials_good(timeout=7.0) is True
