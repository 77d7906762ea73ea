"""Tests of the three control APIs: an unknown request is refused by name and changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from urllib3.exceptions import ProtocolError

from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.control import ControlRefused

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ordered(box: Sandbox) -> Iterator[Sandbox]:
    """Give a sandbox with a fault at Rehook and one at AWS, which match no call of the tests."""
    box.rehook.fault(Fault(kind=Kind.RESET, times=None, match={"customer": "nobody"}))
    box.aws.fault(Fault(kind=Kind.RESET, times=None, match={"caller": "nobody"}))
    yield box
    box.rehook.clear()
    box.aws.clear()


def asked(box: Sandbox, where: str, method: str, path: str, body: str | None) -> Any:
    """Send a request to one of the three control addresses; return status and answer."""
    address = {"rehook": box.rehook.url, "aws": box.aws.url, "own": box.control_url}[where]
    response = urllib3.request(method, address + path, body=body, retries=False)
    return response.status, response.json()


@pytest.mark.parametrize(
    ("where", "method", "path", "body", "named"),
    [
        ("rehook", "POST", "/faults", '{"kind": "reset", "match": {"custmer": "u"}}', "custmer"),
        ("aws", "POST", "/faults", '{"kind": "reset", "match": {"customer": "u"}}', "customer"),
        ("rehook", "POST", "/faults", '{"kind": "reset", "mach": {}}', "mach"),
        ("rehook", "POST", "/faults", "no JSON", "JSON"),
        ("rehook", "POST", "/faults", None, "body"),
        ("rehook", "DELETE", "/faults?nubmer=1", None, "nubmer"),
        ("rehook", "DELETE", "/faults?number=", None, "number"),
        ("rehook", "DELETE", "/faults?number=one", None, "number"),
        ("rehook", "DELETE", "/faults", '{"number": 1}', "body"),
        ("rehook", "POST", "/release", '{"count": 1}', "body"),
        ("rehook", "GET", "/calls?since=-1", None, "since"),
        ("rehook", "GET", "/rewards?customer=u", None, "customer"),
        ("rehook", "POST", "/online?on=1", "true", "on"),
        ("rehook", "POST", "/online", "1", "bool"),
        ("rehook", "POST", "/rate-limit", "-1", "0"),
        ("rehook", "POST", "/behaviour", '{"api_key": "k", "api_secret": "s", "x": 1}', "x"),
        ("aws", "POST", "/messages", '{"queue": "other"}', "Letters"),
        ("aws", "POST", "/empty", '{"queue": "other", "finished": {}}', "finished"),
        ("aws", "POST", "/hasten", '{"que": "other"}', "que"),
        ("aws", "POST", "/stack", '{"name": "other"}', "id"),
        ("own", "POST", "/reload", '{"file": "/other"}', "file"),
        ("own", "POST", "/reload", '{"destination": "other.json"}', "absolute"),
        ("own", "POST", "/reload", '{"destination": "/there/is/none.json"}', "none.json"),
    ],
)
def test_what_is_not_known_is_refused_by_name(
    ordered: Sandbox, where: str, method: str, path: str, body: str | None, named: str
) -> None:
    """An unknown name or value is refused with 400 and named; existing faults stay in force."""
    status, answer = asked(ordered, where, method, path, body)
    assert status == 400
    assert named in answer["error"]
    with pytest.raises(ProtocolError):
        urllib3.request(
            "POST", ordered.rehook_url or "", json={"source_id": "nobody"}, retries=False
        )


PAGES = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Host": "evil.example:{port}"},
    {"Host": "127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("where", ["rehook", "aws", "own", "stand-in"])
@pytest.mark.parametrize("headers", PAGES, ids=[str(each) for each in PAGES])
def test_a_page_in_a_browser_is_refused(
    ordered: Sandbox, where: str, headers: dict[str, str]
) -> None:
    """A foreign Origin, a rebound Host and a request of another site are 403, and do nothing."""
    addresses = {"rehook": ordered.rehook.url, "aws": ordered.aws.url, "own": ordered.control_url}
    address = addresses.get(where, ordered.aws.api_url)
    port = address.rpartition(":")[2]
    sent = {name: value.format(port=port) for name, value in headers.items()}
    reply = urllib3.request("DELETE", f"{address}/faults", headers=sent, retries=False)
    assert reply.status == 403
    assert "Access-Control-Allow-Origin" not in reply.headers
    with pytest.raises(ProtocolError):
        urllib3.request(
            "POST", ordered.rehook_url or "", json={"source_id": "nobody"}, retries=False
        )


def test_an_address_that_a_person_typed_is_answered(box: Sandbox) -> None:
    """A browser's own address line, and localhost as the name, reach a control address."""
    port = box.control_url.rpartition(":")[2]
    headers = {"Host": f"localhost:{port}", "Sec-Fetch-Site": "none"}
    reply = urllib3.request("GET", f"{box.control_url}/sandbox", headers=headers, retries=False)
    assert reply.status == 200


def test_an_unknown_kind_lists_the_kinds(box: Sandbox) -> None:
    """The refusal of an unknown kind of fault lists all kinds and all members of a fault."""
    status, answer = asked(box, "rehook", "POST", "/faults", '{"kind": "resett"}')
    assert status == 400
    [kinds] = [known for known in answer["known"] if known.startswith("kind: ")]
    assert all(kind in kinds for kind in Kind)
    assert "match" in answer["known"]


def test_an_unknown_address_lists_those_that_there_are(box: Sandbox) -> None:
    """Each control API answers an unknown path with 404 and the known paths."""
    for where in ("rehook", "aws", "own"):
        status, answer = asked(box, where, "GET", "/other", None)
        assert (status, answer["error"]) == (404, "no such control")
        assert len(answer["known"]) >= 2


def test_from_python_a_mistake_is_an_exception(box: Sandbox) -> None:
    """A wrong call from Python raises ControlRefused with the mistake and the known names."""
    with pytest.raises(ControlRefused, match="custmer; known are customer"):
        box.rehook.answer(503, custmer="u1")
    with pytest.raises(ControlRefused, match="one of"):
        box.aws.fault(Fault(kind=Kind.PARTIAL, entries=[0]))
    with pytest.raises(ControlRefused, match="since"):
        box.rehook.call("GET", "/calls", sinse=1)


def test_the_sandbox_says_where_everything_is(box: Sandbox) -> None:
    """`GET /sandbox` gives the description that `up --json` prints."""
    status, answer = asked(box, "own", "GET", "/sandbox", None)
    assert status == 200
    assert answer["webhook"] == box.webhook
    assert answer["environment"]["AWS_ENDPOINT_URL"] == box.aws.api_url
    assert json.dumps(answer)
