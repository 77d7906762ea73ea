"""Tests of the requests to Segment's Public API: waits, limits, and what can't be used."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook_cli.hosted.segment_api import (
    MAX_PAGES,
    HostedSubscription,
    SegmentApi,
    UnreadableSubscription,
)
from segment_rehook_cli.hosted.segment_http import (
    MAX_TRIES,
    MAX_WAIT_SECONDS,
    SegmentHttp,
    SegmentRefused,
)
from tests.integration.segment_api.server import (
    DESTINATION,
    TOKEN,
    Answer,
    SegmentServer,
    data,
    error,
    hosted,
)


class Asked:
    """The API as a command has it, with the waits and the messages noted instead of made."""

    def __init__(self, url: str, *, token: str = TOKEN, timeout: float = 30) -> None:
        self.waits: list[float] = []
        self.said: list[str] = []
        requests = SegmentHttp(
            url, token, say=self.said.append, sleep=self.waits.append, timeout=timeout
        )
        self._api = SegmentApi(requests, self.said.append)

    def subscriptions(self) -> list[HostedSubscription | UnreadableSubscription]:
        """Read the destination's subscriptions."""
        return self._api.subscriptions(DESTINATION)

    def refused(self) -> str:
        """Return the text with which this was refused: one line without the token."""
        with pytest.raises(SegmentRefused) as caught:
            self.subscriptions()
        text = str(caught.value)
        assert "\n" not in text
        assert TOKEN not in text + "".join(self.said)
        return text


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (2, 1), (3, 2), (7, 4)])
def test_every_page_is_read_once(segment: SegmentServer, count: int, pages: int) -> None:
    """All subscriptions are read, in their order, with one request for each page."""
    segment.page_entries = 2
    segment.subscriptions = [hosted(f"s{number}", number) for number in range(count)]
    found = Asked(segment.url).subscriptions()
    assert [each.name for each in found] == [f"s{number}" for number in range(count)]
    assert len(segment.requests) == pages


def test_a_request_has_the_token_and_the_version_that_is_documented(segment: SegmentServer) -> None:
    """The token is a Bearer token, and the answer is asked for in the API's alpha version."""
    Asked(segment.url).subscriptions()
    [(target, headers)] = segment.requests
    assert target == f"/destinations/{DESTINATION}/subscriptions?pagination.count=200"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/vnd.segment.v1alpha+json"


def test_a_subscription_that_moved_to_another_page_is_there_once(segment: SegmentServer) -> None:
    """An id that is on two pages is read once, and the count that does not fit is told."""
    segment.subscriptions = [hosted("a", 1), hosted("a", 1), hosted("b", 2)]
    asked = Asked(segment.url)
    assert [each.name for each in asked.subscriptions()] == ["a", "b"]
    [said] = asked.said
    assert "Segment counts 3 subscriptions and gave 2" in said


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Answer(429, headers={"Retry-After": "7"}), [7.0]),
        (error(429, "Too many requests", data={"msBeforeNext": 57647}), [57.647]),
        (Answer(429, b"busy"), [1.0]),
        (Answer(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), [1.0]),
        (Answer(429, headers={"Retry-After": "-5"}), [1.0]),
        (error(429, "Too many", data={"msBeforeNext": "soon"}), [1.0]),
        (error(503, "unavailable"), [1.0]),
        (Answer(200, b'{"data": {', cut=True), [1.0]),
    ],
    ids=repr,
)
def test_what_passes_is_tried_again(
    segment: SegmentServer, answer: Answer, waits: list[float]
) -> None:
    """After 429 the wait is as long as Segment says; after 5xx and a cut answer, one second."""
    segment.before = [answer]
    segment.subscriptions = [hosted("a")]
    asked = Asked(segment.url)
    assert [each.name for each in asked.subscriptions()] == ["a"]
    assert asked.waits == waits
    assert len(asked.said) == 1


def test_waits_grow_and_end(segment: SegmentServer) -> None:
    """A failure of Segment is tried a few times, each after twice the time, then told."""
    segment.before = [error(500, f"token {TOKEN}\nbroke")] * 20
    asked = Asked(segment.url)
    assert asked.refused() == "Segment failed (500: token … broke): try again later"
    assert asked.waits == [1.0, 2.0, 4.0, 8.0]
    assert len(segment.requests) == MAX_TRIES


def test_a_long_wait_is_not_waited_for(segment: SegmentServer) -> None:
    """If Segment asks for a longer wait than a command may take, it ends and says how long."""
    segment.before = [Answer(429, headers={"Retry-After": str(int(MAX_WAIT_SECONDS) + 1)})]
    asked = Asked(segment.url)
    assert asked.refused() == "Segment takes no more requests (429): try again in 181 s"
    assert asked.waits == []


def test_all_waits_of_a_command_have_one_limit(segment: SegmentServer) -> None:
    """Waits on several pages are added up."""
    segment.page_entries = 1
    segment.subscriptions = [hosted(f"s{number}", number) for number in range(20)]
    original = segment.answer
    busy: set[str] = set()

    def answer(target: str, headers: dict[str, str]) -> Answer:
        if target in busy:
            return original(target, headers)
        busy.add(target)
        return Answer(429, headers={"Retry-After": "50"})

    segment.answer = answer  # type: ignore[method-assign]  # this server is busy at each page
    asked = Asked(segment.url)
    assert "429" in asked.refused()
    assert asked.waits == [50.0] * 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(401, "Unauthorized"), "Source Read-only"),
        (error(403, "Forbidden"), "no permission (403)"),
        (error(404, "Resource not found"), "check --destination-id"),
        (error(422, "bad\x1b[31m cursor"), r"refused the request (422: bad\x1b[31m cursor)"),
        (Answer(400), "refused the request (400, without a reason)"),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), "redirect (302)"),
        (Answer(200, b"<html>Please sign in</html>"), "not from Segment"),
        (Answer(200, b"\xff\xfe"), "not from Segment"),
        (Answer(200, b""), "not from Segment"),
        (Answer(200, b"[" * 100_000), "not from Segment"),
        (Answer(200, b"[]"), "no object `data`"),
        (Answer(200, b'{"data": null}'), "no object `data`"),
        (data(), "data.subscriptions must be a list, not null"),
        (data(subscriptions={}), "data.subscriptions must be a list, not an object"),
        (data(subscriptions=[], pagination=[1]), "data.pagination must be an object, not a list"),
        (data(subscriptions=[], pagination={"next": 3}), "next must be text, not a number"),
    ],
)
def test_what_can_t_be_used_is_told_in_one_line(
    segment: SegmentServer, answer: Answer, said: str
) -> None:
    """Each refusal and each answer that is not as documented gives one line that says what to do.

    It is not asked again.
    """
    segment.before = [answer]
    assert said in Asked(segment.url).refused()
    assert len(segment.requests) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"trigger": None}, "Segment gave null as its trigger"),
        ({"enabled": "true"}, "Segment gave a string as its enabled"),
        ({"settings": []}, "Segment gave a list as its settings"),
        ({"actionSlug": 3}, "Segment gave a number as its actionSlug"),
        ({"id": ""}, "Segment gave an empty id"),
    ],
    ids=repr,
)
def test_an_entry_that_is_not_as_documented_is_told_alone(
    segment: SegmentServer, change: dict[str, Any], why: str
) -> None:
    """One odd entry does not keep the others from being read."""
    without = {name: value for name, value in hosted("c", 3).items() if name != "enabled"}
    segment.subscriptions = [hosted("a", 1) | change, hosted("b", 2), without, None]  # type: ignore[list-item]  # not an object
    first, second, third, fourth = Asked(segment.url).subscriptions()
    assert first == UnreadableSubscription("a", why)
    assert isinstance(second, HostedSubscription)
    assert third == UnreadableSubscription("c", "Segment gave no enabled")
    assert fourth == UnreadableSubscription(
        "subscription 4", "Segment gave null instead of an object"
    )


def test_pages_in_a_circle_end(segment: SegmentServer) -> None:
    """A cursor that was given before ends the reading."""
    page = data(subscriptions=[hosted("a")], pagination={"next": "MQ=="})
    segment.before = [page] * 100
    assert "repeat" in Asked(segment.url).refused()
    assert len(segment.requests) == 2


def test_pages_without_an_end_end(segment: SegmentServer) -> None:
    """After MAX_PAGES pages the reading ends, even if each has a new cursor."""
    segment.before = [
        data(subscriptions=[], pagination={"next": str(number)}) for number in range(100)
    ]
    assert f"{MAX_PAGES} pages" in Asked(segment.url).refused()
    assert len(segment.requests) == MAX_PAGES


def test_a_redirect_does_not_take_the_token_elsewhere(segment: SegmentServer) -> None:
    """The address that a redirect names gets no request."""
    with SegmentServer() as other:
        segment.before = [Answer(307, headers={"Location": f"{other.url}/destinations"})]
        assert "redirect (307)" in Asked(segment.url).refused()
        assert other.requests == []


def test_a_server_that_does_not_answer_is_given_up(segment: SegmentServer) -> None:
    """Each try has a time limit."""
    segment.before = [Answer(silent=True)] * MAX_TRIES
    assert "did not answer within 0.05 s" in Asked(segment.url, timeout=0.05).refused()


def test_a_server_that_is_not_there_is_told() -> None:
    """An address where nothing listens gives one line with the address."""
    with SegmentServer() as gone:
        url = gone.url
    assert f"{url} can't be reached" in Asked(url).refused()


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    segment: SegmentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With HTTP_PROXY set, a server on this machine is still asked directly."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert Asked(segment.url).subscriptions() == []


def test_unusual_texts_come_through(segment: SegmentServer) -> None:
    """Names with emoji, half a surrogate pair, and control characters are read as they are."""
    names = ["注文 完了", "👍", "\ud83d", "a\u202eb", "x" * 5000, ""]
    segment.subscriptions = [hosted(name, number) for number, name in enumerate(names)]
    assert [each.name for each in Asked(segment.url).subscriptions()] == names
