"""Tests of functions behind the HTTP API: what they receive, and what clients get if they fail."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tools.sandbox import Sandbox

PLAIN = {"content-type": "text/plain"}


def order(box: Sandbox, text: str, method: str = "POST") -> int:
    """Send an order to the function; return the answer's status."""
    return box.segment.send_raw(text.encode(), PLAIN, method=method).status


def seen(box: Sandbox, text: str = "", **headers: str) -> dict[str, Any]:
    """Send a request; return what the function reports about it."""
    return box.segment.send_raw(text.encode(), {**PLAIN, **headers}).body


def state(pid: int) -> str:
    """Return the state of a process as a letter; T means stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_function_sees_its_layers_and_nothing_else(box: Sandbox) -> None:
    """A function has the code and files of its layers, and not the packages of this interpreter."""
    found = seen(box)
    assert found["shared"] == "layer"
    assert found["words"] == "words of the layer"
    assert found["sees_pytest"] is False


def test_the_environment_is_the_templates(box: Sandbox) -> None:
    """A function has the template's environment, with parameters, Rehook's URL and its time-out."""
    found = seen(box)
    assert found["greeting"] == "hi"
    assert found["rehook"] == box.rehook_url
    assert 0 < found["remaining"] <= 1000


def test_the_event_is_api_gateways(box: Sandbox) -> None:
    """Header names are in lower case, a text body is unchanged, any other is in base64."""
    event = seen(box, "text", **{"X-Odd": "1"})["event"]
    assert event["headers"]["x-odd"] == "1"
    assert event["body"] == "text"
    form = box.segment.send_raw(b"a=1", {"content-type": "application/x-www-form-urlencoded"})
    assert form.body["event"]["body"] == base64.b64encode(b"a=1").decode()


def test_one_after_the_other_shares_a_process(box: Sandbox) -> None:
    """Two requests in turn are served by the same process."""
    assert seen(box)["process"] == seen(box)["process"]


def test_side_by_side_takes_several_processes(box: Sandbox) -> None:
    """Each process serves one request at a time, so concurrent requests start further processes."""
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: seen(box, "sleep 0.3")["process"], range(3)))
    assert len(set(found)) == 3


def test_a_process_is_frozen_between_requests(box: Sandbox) -> None:
    """A process is stopped between requests, also if it left a thread running."""
    pid = seen(box, "beat")["process"]
    box.wait_until(lambda: state(pid) == "T")
    frozen = seen(box)
    assert frozen["process"] == pid
    box.kill("Echo")


@pytest.mark.parametrize("text", ["fail", "die", "sleep 5", "malformed"])
def test_a_failure_is_a_500_and_the_next_request_is_served(box: Sandbox, text: str) -> None:
    """An error, a crash, a time-out or a malformed answer gives 500; the next request succeeds."""
    assert order(box, text) == 500
    assert order(box, "next") == 200


def test_an_integration_that_takes_too_long_is_a_503(box: Sandbox) -> None:
    """If the route's time-out ends before the function's, the client gets 503."""
    assert order(box, "sleep 0.6", method="PUT") == 503


def test_a_killed_process_is_replaced(box: Sandbox) -> None:
    """After a process is killed, the next request is served by another one."""
    pid = seen(box)["process"]
    assert box.kill("Echo") > 0
    assert seen(box)["process"] != pid


def test_a_held_process_goes_on_where_it_was(box: Sandbox) -> None:
    """A held process does not time out, and goes on when it is let go."""
    box.kill("Echo")
    since = len(box.log)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(order, box, "sleep 0.5")
        box.log.wait_for(lambda line: line.text.startswith("START"), since=since)
        [held] = box.processes("Echo", busy_only=True)
        held.hold()
        with pytest.raises(TimeoutError):
            answer.result(1.2)
        held.let_go()
        assert answer.result(5) == 200


def test_other_routes_are_not_found(box: Sandbox) -> None:
    """A method that the template does not have is answered with 404."""
    assert order(box, "", method="PATCH") == 404


def test_what_is_too_large_is_refused(box: Sandbox) -> None:
    """A body beyond Lambda's 6 MB, or 4.5 MB of binary data, is refused with 413."""
    assert order(box, "x" * 7_000_000) == 413
    assert box.segment.send_raw(b"x" * 5_000_000, {"content-type": "image/png"}).status == 413
    assert order(box, "x" * 5_000_000) == 200


def test_log_lines_are_kept(box: Sandbox) -> None:
    """Log entries of a function are kept, and can be found by a field's value."""
    since = len(box.log)
    order(box, "to be found")
    line = box.log.wait_for(lambda each: (each.entry or {}).get("order") == "to be found")
    assert line.function == "Echo"
    assert len(box.log.entries("Echo", since)) == 1
