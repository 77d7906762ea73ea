"""What the console keeps: rows in order, updated in place, filtered, and never too many."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus

from tools.console import kept_exchanges, recording
from tools.console.recording import Recording
from tools.console.rows import RowFilter
from tools.sandbox.gateway import Request, refusal
from tools.sandbox.http_api import Exchange
from tools.sandbox.logs import LogLine

ALL = RowFilter()


def line(number: int, **members: object) -> LogLine:
    """A line of ingest about a delivery of its own."""
    entry = {
        "message": "outcome",
        "service": "ingest",
        "outcome": "delivered",
        "message_id": f"m{number}",
        "delivery": f"m{number}:track",
        "request_id": f"r{number}",
        **members,
    }
    return LogLine(1_000_000.0 + number, "IngestFunction", 1, json.dumps(entry))


def exchange(number: int, *events: dict[str, object], status: int | None = None) -> Exchange:
    """A request with these events, answered or not."""
    request = Request("POST", "/segment", [], json.dumps([*events]).encode())
    response = None if status is None else refusal(HTTPStatus(status), "x")
    return Exchange(f"r{number}", 1_000_000.0, "/segment", request, response, 0.01)


def test_a_row_has_the_facts_of_its_event() -> None:
    """Type, name and user come from the request, which came before the outcome."""
    kept = Recording()
    kept.exchange(exchange(1, {"type": "track", "event": "e", "userId": "u", "messageId": "m1"}))
    kept.line(line(1))
    [row] = kept.rows(ALL)
    assert (row.facts.type, row.facts.name, row.facts.user) == ("track", "e", "u")


def test_a_later_try_changes_the_row_and_a_duplicate_is_a_new_one() -> None:
    """Redrive's outcome updates the delivery's row; what came again has a row of its own."""
    kept = Recording()
    kept.line(line(1, outcome="stored", tries=1))
    kept.line(line(1, outcome="duplicate", request_id="r2"))
    kept.line(line(1, service="redrive", outcome="delivered"))
    newest, first = kept.rows(ALL)
    assert (newest.outcome, first.outcome, first.tries) == ("duplicate", "delivered", 2)


def test_a_refused_request_has_one_row_and_an_answered_one_no_other() -> None:
    """Only a request that is answered with an error and has no outcome gets a row for itself."""
    kept = Recording()
    for number, status in ((1, None), (1, 401), (2, None), (2, 200), (3, None)):
        kept.exchange(exchange(number, {"type": "track", "messageId": "m"}, status=status))
    kept.line(line(3, outcome="failed"))
    kept.exchange(exchange(3, {"type": "track"}, status=503))
    kept.exchange(exchange(4, {"type": "track"}, status=None))
    kept.exchange(exchange(4, {"type": "track"}, status=500))
    assert [(row.outcome, row.reason) for row in kept.rows(ALL)] == [
        ("failed", "HTTP 500"),
        ("failed", None),
        ("refused", "HTTP 401"),
    ]


def test_filters_are_kept_in_an_address() -> None:
    """Every filter holds, in any case; the address gives the same filter again."""
    kept = Recording()
    for number, user in enumerate(("Ana", "ben", "ANA b"), start=1):
        kept.exchange(
            exchange(number, {"type": "track", "userId": user, "messageId": f"m{number}"})
        )
        kept.line(line(number, outcome="delivered" if number < 3 else "parked"))
    assert [row.number for row in kept.rows(RowFilter(user="ana"))] == [3, 1]
    assert [row.number for row in kept.rows(RowFilter(user="ana", outcome="parked"))] == [3]
    assert [row.number for row in kept.rows(RowFilter(id="M2"))] == [2]
    assert kept.rows(RowFilter(event="x")) == []
    wanted = RowFilter(user="a & b=ü\udc00", outcome="parked")
    assert wanted.query() == "outcome=parked&user=a+%26+b%3D%C3%BC%3F"


def test_pages_go_back_to_the_oldest() -> None:
    """Each page begins where the one before ended."""
    kept = Recording()
    for number in range(1, 251):
        kept.line(line(number))
    first = kept.rows(ALL)
    second = kept.rows(ALL, before=first[-1].number)
    third = kept.rows(ALL, before=second[-1].number)
    assert [len(each) for each in (first, second, third)] == [100, 100, 50]
    assert third[-1].number == 1


def test_what_is_kept_is_limited() -> None:
    """After many events the oldest rows and the largest requests are gone, the newest are there."""
    kept = Recording()
    for number in range(1, recording.MAX_ROWS + 101):
        kept.line(line(number))
    assert kept.row(100) is None
    assert kept.row(101) is not None
    assert kept.changes(0, 0).lost
    body: dict[str, object] = {"type": "track", "x": "x" * (kept_exchanges.MAX_BODY_BYTES // 4)}
    for number in range(8):
        kept.exchange(exchange(number, body))
    assert kept.find_exchange("r0") is None
    assert kept.find_exchange("r7") is not None


def test_deliveries_are_counted_once_and_longer_than_rows_are_kept() -> None:
    """A delivery counts for its user when it is delivered, also if its row is gone since."""
    kept = Recording()
    event = {"type": "track", "userId": "u"}
    for number, first in enumerate(("delivered", "stored", "parked"), start=1):
        kept.exchange(exchange(number, {**event, "messageId": f"m{number}"}))
        kept.line(line(number, outcome=first, action="trackEvent"))
    assert kept.delivered("trackEvent") == {"u": 1}
    assert kept.number_of("m2:track") == 2
    kept.line(line(2, service="redrive", action="trackEvent"))
    kept.line(line(2, service="redrive", action="trackEvent"))
    kept.line(line(1, outcome="duplicate", action="trackEvent"))
    for number in range(10, recording.MAX_ROWS + 20):
        kept.line(line(number, outcome="ignored"))
    assert kept.number_of("m2:track") is None
    assert kept.delivered("trackEvent") == {"u": 2}
    assert kept.delivered("identifyUser") == {}


def test_changes_tell_each_row_once() -> None:
    """Those since a number are told, each as it is now; nothing new is nothing after the time."""
    kept = Recording()
    kept.line(line(1, outcome="stored"))
    kept.line(line(2))
    since = kept.sequence
    kept.line(line(1, service="redrive"))
    kept.line(line(3))
    changes = kept.changes(since, 0)
    assert [row.number for row in changes.rows] == [1, 3]
    assert not changes.lost
    assert kept.changes(changes.sequence, 0).rows == []


def test_the_end_wakes_those_that_wait() -> None:
    """A stream that waits for a change ends with the sandbox."""
    kept = Recording()
    waiting = threading.Thread(target=kept.changes, args=(0, 60))
    waiting.start()
    kept.close()
    waiting.join(10)
    assert not waiting.is_alive()


def test_other_lines_and_bodies_are_no_rows() -> None:
    """What is no outcome, no JSON or no event is passed over."""
    kept = Recording()
    for text in ("START RequestId", "{}", '{"message": "request refused"}', "[1]"):
        kept.line(LogLine(1.0, "IngestFunction", 1, text))
    request = Request("POST", "/segment", [], b"\xff{")
    kept.exchange(Exchange("r", 1.0, "/segment", request))
    assert kept.rows(ALL) == []
    assert kept.events(10) == []
