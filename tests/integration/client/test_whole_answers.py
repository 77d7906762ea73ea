"""Calls that are answered: what is sent, and how each kind of answer is read."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from segment_rehook import __version__
from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.http_answer import MAX_ANSWER_BYTES
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import ReplyClass
from segment_rehook.rehook.safe_url import UrlInvalid
from tests.integration.client.conftest import EVENT, Connect, Serve, call
from tests.integration.client.server import OK_BODY, Wire, always, answer


def test_the_request_as_it_goes_over_the_wire(serve: Serve, connect: Connect) -> None:
    """A request has the method, path, headers and body that it is meant to have, and no others."""
    server = serve(always(answer()))
    reply = call(connect(server.url))
    assert (reply.kind, reply.request_id) == (ReplyClass.DELIVERED, "req-1")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "POST /events/invoke HTTP/1.1"
    assert headers == {
        "Host": f"127.0.0.1:{server.port}",
        "Content-Length": str(len(EVENT.body)),
        "Authorization": "Basic " + base64.b64encode(b"key:secret").decode(),
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"segment-rehook/{__version__}",
    }
    assert body == EVENT.body


def test_a_base_path_is_put_before_each_path(serve: Serve, connect: Connect) -> None:
    """The path of the base URL comes before the path of each call."""
    server = serve(always(answer()))
    client = connect(server.url + "/rehook/")
    call(client)
    client.credentials_good(timeout=5)
    firsts = [request.split(b"\r\n")[0] for request in server.requests]
    assert firsts == [
        b"POST /rehook/events/invoke HTTP/1.1",
        b"GET /rehook/events/segment/check-auth HTTP/1.1",
    ]


def test_credentials_are_asked_for_at_each_call(serve: Serve) -> None:
    """Each call uses the key pair of that moment, whatever characters it has."""
    server = serve(always(answer()))
    pairs = iter([("a", "1"), ("ключ", "pass:word\n")])
    client = RehookClient(server.url, lambda: next(pairs))
    call(client)
    call(client)
    client.close()
    for request, pair in zip(server.requests, ["a:1", "ключ:pass:word\n"], strict=True):
        assert b"Basic " + base64.b64encode(pair.encode()) in request


def test_what_credentials_raise_is_raised_before_anything_is_sent(serve: Serve) -> None:
    """If the key pair can't be read, the call raises that error and opens no connection."""
    server = serve(always(answer()))

    def none() -> tuple[str, str]:
        raise LookupError("no secrets")

    with pytest.raises(LookupError):
        call(RehookClient(server.url, none))
    assert server.connections == 0


@pytest.mark.parametrize(
    ("status", "good"),
    [("200 OK", True), ("401 No", False), ("403 No", False), ("500 Oh", None), ("204 Hm", None)],
)
def test_check_auth_says_yes_no_or_nothing(
    serve: Serve, connect: Connect, status: str, good: bool | None
) -> None:
    """Only 200 means that the pair is good, only 401 and 403 that it is not."""
    assert connect(serve(always(answer(status, b""))).url).credentials_good(timeout=5) is good


def test_check_auth_without_an_answer_says_nothing(serve: Serve, connect: Connect) -> None:
    """A check-auth that is not answered says nothing of the key pair."""
    assert connect(serve(Wire.reset).url).credentials_good(timeout=5) is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(serve: Serve, connect: Connect, status: int) -> None:
    """A redirect is rejected: to follow it would take credentials and event to another place."""
    elsewhere = serve(always(answer()))
    server = serve(always(answer(f"{status} Moved", b"", f"Location: {elsewhere.url}/x")))
    assert call(connect(server.url)).kind is ReplyClass.REJECTED
    assert (len(server.requests), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize(
    "path", ["http://elsewhere.example/x", "https://127.0.0.1:1/", "@x.example/"]
)
def test_a_path_never_leads_to_another_host(serve: Serve, connect: Connect, path: str) -> None:
    """A stored request whose path names another host is not sent."""
    server = serve(always(answer()))
    reply = call(connect(server.url), request=Request("POST", path, b"{}"))
    assert reply.kind is ReplyClass.UNREACHABLE
    assert server.connections == 0


def test_a_path_with_two_slashes_stays_on_the_host(serve: Serve, connect: Connect) -> None:
    """A path that begins with two slashes is sent as a path, not read as a host's name."""
    server = serve(always(answer()))
    call(connect(server.url), request=Request("POST", "//elsewhere.example/x", b"{}"))
    assert server.requests[0].startswith(b"POST //elsewhere.example/x HTTP/1.1")


def test_a_proxy_of_the_environment_is_ignored(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that the environment names gets no request."""
    proxy, server = serve(always(answer("403 Proxy"))), serve(always(answer()))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert call(connect(server.url)).kind is ReplyClass.DELIVERED
    assert proxy.connections == 0


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        answer(),
        CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(OK_BODY), OK_BODY),
        CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in OK_BODY) + b"0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        b"HTTP/1.1 102 Processing\r\n\r\n" + answer(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + answer(),
        answer().replace(b"\r\n", b"\n"),
        answer("200 OK", gzip.compress(OK_BODY), "Content-Encoding: gzip"),
        answer("200 OK", zlib.compress(OK_BODY), "Content-Encoding: deflate"),
        answer("200 OK", OK_BODY, "Connection: keep-alive"),
    ],
    ids=["length", "chunk", "chunks", "100", "102", "103", "lf", "gzip", "deflate", "keep"],
)
def test_every_way_to_answer_is_read_and_its_connection_kept(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    """Every framing, interim answer and encoding is read, and the connection used again."""
    server = serve(always(reply))
    client = connect(server.url)
    for _ in range(3):
        got = call(client)
        assert (got.kind, got.request_id) == (ReplyClass.DELIVERED, "req-1")
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.0 200 OK\r\n\r\n" + OK_BODY,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + OK_BODY,
        b"HTTP/1.1 200 OK\r\n\r\n" + OK_BODY,
        answer("200 OK", OK_BODY, "Connection: close"),
    ],
    ids=["1.0", "close", "unsaid", "length-and-close"],
)
def test_an_answer_may_end_with_its_connection(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    """An answer that ends with its connection is read, and the next call opens a new one."""

    def once(wire: Wire) -> None:
        wire.request()
        wire.send(reply)

    server = serve(once)
    client = connect(server.url)
    assert [call(client).request_id for _ in range(2)] == ["req-1", "req-1"]
    assert server.connections == 2


def test_packed_garbage_is_read_as_it_is(serve: Serve, connect: Connect) -> None:
    """A body that can't be unpacked is left as it is, and the status decides."""
    server = serve(always(answer("404 No", b"\x1f\x8bnot gzip", "Content-Encoding: gzip")))
    assert call(connect(server.url)).kind is ReplyClass.REJECTED


def test_a_packed_flood_is_unpacked_within_bounds(serve: Serve, connect: Connect) -> None:
    """Of a packed body, only the first bytes are unpacked and read."""
    flood = gzip.compress(b" " * 1_000_000 + b'{"code": 400}')
    server = serve(always(answer("200 OK", flood, "Content-Encoding: gzip")))
    assert call(connect(server.url)).kind is ReplyClass.DELIVERED


def test_of_a_huge_body_the_beginning_is_read(serve: Serve, connect: Connect) -> None:
    """The rest of a huge body is not waited for, and its connection is not used again."""
    huge = answer("404 Not Found", b" " * (MAX_ANSWER_BYTES * 50))
    server = serve(always(huge[:-1]))  # never whole
    client = connect(server.url)
    assert [call(client).kind for _ in range(2)] == [ReplyClass.REJECTED] * 2
    assert server.connections == 2


def test_a_large_request_arrives_whole(serve: Serve, connect: Connect) -> None:
    """A request that needs many sends arrives whole."""
    body = json.dumps({"source_id": "u1", "metadata": {"text": "ü" * 500_000}}).encode()
    server = serve(always(answer()))
    client = connect(server.url)
    reply = client.call(Request("POST", "/customers", body), timeout=10, action="identifyUser")
    assert reply.kind is ReplyClass.DELIVERED
    assert server.requests[0].endswith(body)


def test_sixteen_threads_share_the_client(serve: Serve, connect: Connect) -> None:
    """Each thread gets the answers to its own requests, over at most as many connections."""

    def echo(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            said = json.dumps({"requestId": request.rpartition(b"\r\n\r\n")[2].decode()})
            wire.send(answer("200 OK", said.encode()))

    server = serve(echo)
    client = connect(server.url)
    together = threading.Barrier(16)

    def many(thread: int) -> list[bool]:
        together.wait()
        return [
            call(client, request=Request("POST", "/x", f"{thread}-{turn}".encode())).request_id
            == f"{thread}-{turn}"
            for turn in range(25)
        ]

    with ThreadPoolExecutor(16) as threads:
        assert all(all(answers) for answers in threads.map(many, range(16)))
    assert len(server.requests) == 400
    assert server.connections <= 16


def test_a_base_url_that_is_not_safe_is_refused_when_the_client_is_built() -> None:
    """A base URL that is not safe is refused when the client is made, not at the first call."""
    with pytest.raises(UrlInvalid):
        RehookClient("http://api.rehook.ai", lambda: ("key", "secret"))


def test_a_503_is_unknown_where_it_is_not_trusted(serve: Serve, connect: Connect) -> None:
    """With `trusts_503` off, a 503 leaves the outcome unknown."""
    server = serve(always(answer("503 Service Unavailable")))
    assert call(connect(server.url)).kind is ReplyClass.UNAVAILABLE
    assert call(connect(server.url, trusts_503=False)).kind is ReplyClass.UNKNOWN
