"""How an HTTP answer is read from the bytes that come in, and what is refused as no answer."""

from __future__ import annotations

import http.client
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.http_answer import (
    MAX_ANSWER_BYTES,
    MAX_CHUNK_LINE_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    AnswerInvalid,
    ReceivedAnswer,
    read_answer,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH_3 = OK + b"Content-Length: 3\r\n\r\n"


def receiving(pieces: Iterable[bytes]) -> Callable[[], bytes]:
    """Give one piece at each receive, and then the connection's end."""
    left = iter(pieces)
    return lambda: next(left, b"")


def read(*pieces: bytes) -> ReceivedAnswer:
    """Read an answer that comes in these pieces."""
    return read_answer(receiving(pieces))


def body_of(*pieces: bytes) -> tuple[bytes, bool]:
    """The body, and whether the connection may be used again."""
    answer, keep = read(*pieces)
    return answer.body, keep


WHOLE = {
    "length": LENGTH_3 + b"abc",
    "no body": b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "chunks": CHUNKED + b"1;ext=1\r\na\r\n02\r\nbc\r\n0\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + LENGTH_3 + b"abc",
}
each_whole = pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE.keys())


@each_whole
def test_an_answer_that_ends_early_is_refused_at_each_byte(whole: bytes) -> None:
    """An answer counts only when all of it has come."""
    for end in range(len(whole)):
        with pytest.raises(AnswerInvalid):
            read(whole[:end])


@each_whole
def test_an_answer_is_the_same_however_it_is_cut_into_pieces(whole: bytes) -> None:
    """A network may deliver the bytes of an answer in any pieces."""
    expected = read(whole)
    for at in range(1, len(whole)):
        assert read(whole[:at], whole[at:]) == expected
    assert read(*(whole[at : at + 1] for at in range(len(whole)))) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 ",
        b"HTTP/1.1 20",
        b"HTTP/1.1 2000",
        b"HTTP/1.1 099 Low",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1 2_0 OK",
        b"HTTP/1.1 \xb2\xb2\xb2 OK",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 OK 200",
        b"HTTP/1.1  200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/2 200 OK",
        b"HTTP/2.0 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/1. 200 OK",
        b"HTTP/1.10 200 OK",
        b"http/1.1 200 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 O\x00K",
        b"HTTP/1.1 200 O\rK",
    ],
)
def test_a_malformed_status_line_is_refused(line: bytes) -> None:
    """A status that is misread could turn a failure into a delivery."""
    with pytest.raises(AnswerInvalid):
        read(line + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200", 200),
        (b"HTTP/1.1 200 ", 200),
        (b"HTTP/1.1 503 Zu viel f\xfcr uns: 1", 503),
        (b"HTTP/1.0 404 Not Found", 404),
        (b"HTTP/1.2 999 Odd", 999),
    ],
)
def test_a_reason_phrase_may_be_missing_or_odd(line: bytes, status: int) -> None:
    """Only the status code is read from the line."""
    assert read(line + b"\r\nContent-Length: 0\r\n\r\n").answer.status == status


@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b": no name",
        b"two words: x",
        b"Content-Length : 0",
        b"N\xe4me: x",
        b"X: a\rContent-Length: 5",
        b"X: a\x00b",
        b"X\x00: a",
    ],
)
def test_a_malformed_header_line_is_refused(line: bytes) -> None:
    """Two readers could take such a line for different headers."""
    with pytest.raises(AnswerInvalid):
        read(OK + b"Content-Length: 0\r\n" + line + b"\r\n\r\n")


def test_header_names_are_in_lower_case_and_values_without_the_blanks_around_them() -> None:
    """Names have no case in HTTP; a value may be empty, and a colon in it belongs to it."""
    head = OK + b"CoNTent-Length:0\r\nX-Time: \t 12:30 \t\r\nX-Empty:\r\n\r\n"
    assert read(head).answer.headers == {"content-length": "0", "x-time": "12:30", "x-empty": ""}


def test_the_values_of_a_name_that_comes_twice_are_one_list() -> None:
    """RFC 9110, 5.3."""
    head = OK + b"Content-Length: 0\r\nX: a\r\nx: b\r\n\r\n"
    assert read(head).answer.headers["x"] == "a, b"


def test_a_folded_line_continues_the_value_before_it() -> None:
    """RFC 9112, 5.2: a fold reads as one blank, also where it follows the status line."""
    head = OK + b" folded: reason\r\nX: a\r\n \t b\r\n\tc: d\r\nContent-Length: 0\r\n\r\n"
    assert read(head).answer.headers == {"x": "a b c: d", "content-length": "0"}


def test_lines_of_the_head_may_end_in_lf_alone() -> None:
    """RFC 9112, 2.2."""
    assert body_of(b"HTTP/1.1 200 OK\nX: y\r\nContent-Length: 2\n\nok") == (b"ok", True)


@pytest.mark.parametrize("blank", [b"", b"\r\n\r\n"], ids=["open", "closed"])
@pytest.mark.parametrize("line", [b"HTTP/1.1 200 ", OK + b"X: "], ids=["status", "header"])
def test_a_head_beyond_its_limit_is_refused(line: bytes, blank: bytes) -> None:
    """It is refused as soon as it is too long, whether or not it would end."""
    head = line + b"x" * (MAX_HEAD_BYTES + 1 - len(line)) + blank
    pieces = [head[at : at + 1000] for at in range(0, len(head), 1000)]
    with pytest.raises(AnswerInvalid, match="too long"):
        read(*pieces, *[b"x" * 1000] * 2)


def test_the_longest_head_is_read() -> None:
    """The limit itself is allowed."""
    start = OK + b"Content-Length: 0\r\nX: "
    value = b"x" * (MAX_HEAD_BYTES - len(start) - 1)  # the head ends with the CR before LF CR LF
    assert read(start + value + b"\r\n\r\n").answer.headers["x"] == value.decode()


@pytest.mark.parametrize("more", [0, 1])
def test_only_so_many_headers_are_read(more: int) -> None:
    """One more than the limit is refused."""
    count = MAX_HEADERS - 1 + more
    head = OK + b"Content-Length: 0\r\n" + b"X: y\r\n" * count + b"\r\n"
    if more:
        with pytest.raises(AnswerInvalid):
            read(head)
    else:
        assert read(head).answer.headers["x"].count("y") == count


@pytest.mark.parametrize(
    "length",
    [
        b"",
        b"-3",
        b"+3",
        b"3.0",
        b"0x3",
        b"3 0",
        b"3,",
        b"3, 4",
        b"3\r\nContent-Length: 4",
        b"3, 3, 4",
        b"\xb3",
        b"9" * 19,
    ],
)
def test_a_length_that_is_not_one_number_is_refused(length: bytes) -> None:
    """Where the body ends can't be told (RFC 9112, 6.3)."""
    with pytest.raises(AnswerInvalid):
        read(OK + b"Content-Length: " + length + b"\r\n\r\nabcd")


@pytest.mark.parametrize("length", [b"3", b"003", b"3, 3", b"3\r\nContent-Length: 3"])
def test_the_same_length_may_come_several_times(length: bytes) -> None:
    """RFC 9110, 8.6: equal values count as one."""
    assert body_of(OK + b"Content-Length: " + length + b"\r\n\r\nabc") == (b"abc", True)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive",
    ],
)
def test_chunks_beside_a_length_or_in_http_1_0_count_but_end_the_connection(head: bytes) -> None:
    """RFC 9112, 6.1 and 6.3: somebody on the way may have counted otherwise."""
    chunks = b"\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
    assert body_of(head + chunks) == (b"abcd", False)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"chunked", b"a"),
        (b"Chunked ", b"a"),
        (b"gzip, chunked", b"a"),
        (b"gzip\r\nTransfer-Encoding: chunked", b"a"),
        (b"gzip", b"1\r\na\r\n0\r\n\r\n"),
        (b"chunked, gzip", b"1\r\na\r\n0\r\n\r\n"),
        (b"", b"1\r\na\r\n0\r\n\r\n"),
    ],
)
def test_a_body_is_in_chunks_if_that_is_its_last_coding(coding: bytes, body: bytes) -> None:
    """Any other coding ends with the connection (RFC 9112, 6.3)."""
    head = OK + b"Transfer-Encoding: " + coding + b"\r\nX: y\r\n\r\n"
    assert body_of(head + b"1\r\na\r\n0\r\n\r\n") == (body, body == b"a")


@pytest.mark.parametrize(
    "chunks",
    [
        b"\r\n",
        b"five\r\nabcde\r\n",
        b"0x1\r\na\r\n",
        b"+1\r\na\r\n",
        b"-1\r\na\r\n",
        b"1_0\r\n0123456789abcdef\r\n",
        b" 1\r\na\r\n",
        b"000000001\r\na\r\n",
        b"1 1\r\na\r\n",
        b"1\na\r\n",
        b"1;\nx\r\na\r\n",
        b"1;\rx\r\na\r\n",
        b"1\r\nab\r\n",
        b"2\r\na\r\n\r\n",
        b"1\r\na\n",
        b"1;" + b"x" * MAX_CHUNK_LINE_BYTES + b"\r\na\r\n",
        b"1;" + b"x" * MAX_CHUNK_LINE_BYTES * 2,
    ],
)
def test_malformed_chunks_are_refused(chunks: bytes) -> None:
    """Two readers could see the body end at different places."""
    with pytest.raises(AnswerInvalid):
        read(CHUNKED + chunks + b"0\r\n\r\n")


def test_chunk_extensions_are_passed_over() -> None:
    """RFC 9112, 7.1.1: who knows none of them ignores them."""
    chunks = b'1 ; a="b;"\r\na\r\n2;b\r\nbc\r\n0;c=d\r\n\r\n'
    assert body_of(CHUNKED + chunks) == (b"abc", True)


def test_trailers_are_passed_over() -> None:
    """They are not among the headers, and the connection is kept."""
    answer, keep = read(CHUNKED + b"1\r\na\r\n0\r\nX: y\r\nRetry-After: 5\r\n\r\n")
    assert (answer.body, list(answer.headers), keep) == (b"a", ["transfer-encoding"], True)


@pytest.mark.parametrize(
    "trailers", [b"", b"\r", b"X: y\r\n", b"X", (b"X: " + b"y" * 1000 + b"\r\n") * 70 + b"\r\n"]
)
def test_trailers_that_break_off_or_never_end_take_nothing_from_the_body(trailers: bytes) -> None:
    """The last chunk has come, so the body is whole; only the connection is not kept."""
    assert body_of(CHUNKED + b"1\r\na\r\n0\r\n" + trailers) == (b"a", False)


@pytest.mark.parametrize("status", [b"204", b"304"])
def test_some_statuses_have_no_body_whatever_their_headers_say(status: bytes) -> None:
    """RFC 9112, 6.3."""
    head = b"HTTP/1.1 " + status + b" X\r\nContent-Length: 3\r\n\r\n"
    assert body_of(head) == (b"", True)


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Upgrade, Close", False),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive", True),
    ],
)
def test_the_server_says_whether_it_keeps_the_connection(head: bytes, keep: bool) -> None:
    """HTTP/1.1 keeps it unless told otherwise, HTTP/1.0 only if it says so."""
    assert body_of(head + b"\r\nContent-Length: 1\r\n\r\na") == (b"a", keep)


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    """There is no other end to it."""
    assert body_of(OK + b"\r\n", b"ab", b"c") == (b"abc", False)


@pytest.mark.parametrize("more", [b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x"])
def test_a_connection_on_which_more_has_come_is_not_kept(more: bytes) -> None:
    """What comes unasked must never be taken for the next answer."""
    assert body_of(LENGTH_3 + b"abc" + more) == (b"abc", False)


def endless(start: bytes, more: bytes) -> Iterator[bytes]:
    """Pieces without an end."""
    yield start
    while True:
        yield more


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (OK + b"\r\n", b"x" * 1000),
        (OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 1000),
        (CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
        (CHUNKED + b"fffffff\r\n", b"x" * 1000),
    ],
    ids=["until closed", "length", "chunks", "one chunk"],
)
def test_of_a_body_without_end_the_beginning_is_read(start: bytes, more: bytes) -> None:
    """Its connection is not kept, since the rest is still to come."""
    answer, keep = read_answer(receiving(endless(start, more)))
    assert (answer.body, keep) == (b"x" * MAX_ANSWER_BYTES, False)


def test_a_body_of_the_largest_size_is_whole() -> None:
    """The limit itself is allowed."""
    body = b"x" * MAX_ANSWER_BYTES
    assert body_of(OK + b"Content-Length: %d\r\n\r\n" % len(body), body) == (body, True)


@pytest.mark.parametrize("received", [b"", OK, LENGTH_3 + b"a", CHUNKED + b"1\r\n", OK + b"\r\na"])
def test_what_receiving_raises_is_passed_on(received: bytes) -> None:
    """A time-out is told apart from an answer that is none."""

    def receive() -> bytes:
        if pieces:
            return pieces.pop()
        raise TimeoutError

    pieces = [received] if received else []
    with pytest.raises(TimeoutError):
        read_answer(receive)


TOKENS = st.text("abcXYZ019-_.!", min_size=1, max_size=12).map(lambda name: f"x-{name}")
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc"]))
PADDING = st.sampled_from(["", " ", "\t", "  "])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A well-formed answer: any status, headers, and any of the three ways to end a body."""
    body = draw(st.binary(max_size=300))
    names = draw(st.lists(TOKENS, max_size=5, unique_by=str.lower))
    lines = [f"HTTP/1.1 {draw(st.integers(200, 599))} {draw(VALUES)}"]
    lines += [f"{name}:{draw(PADDING)}{draw(VALUES)}" for name in names]
    framing = draw(st.sampled_from(["length", "chunks", "close"]))
    framed = body
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
        framed = b""
        while body:
            size = draw(st.integers(1, len(body)))
            extension = draw(st.sampled_from([b"", b";a", b';a="b"']))
            framed += b"%x%b\r\n%b\r\n" % (size, extension, body[:size])
            body = body[size:]
        framed += draw(st.sampled_from([b"0\r\n\r\n", b"000\r\nX: y\r\n\r\n"]))
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    return interim + "\r\n".join([*lines, "", ""]).encode("latin-1") + framed


class Bytes:
    """A socket, as far as http.client reads from one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        """Give the bytes."""
        return io.BytesIO(self._content)


@given(whole=answers(), cuts=st.lists(st.integers(0, 600), max_size=4).map(sorted))
def test_a_well_formed_answer_reads_as_http_client_reads_it(whole: bytes, cuts: list[int]) -> None:
    """Status, headers and body are the same, in whatever pieces the answer comes."""
    standard = http.client.HTTPResponse(cast("Any", Bytes(whole)))
    standard.begin()
    ends = [0, *cuts, len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(ends)]
    answer, _ = read(*filter(None, pieces))
    assert answer.status == standard.status
    assert answer.headers == {
        name.lower(): value.strip(" \t") for name, value in standard.headers.items()
    }
    assert answer.body == standard.read()


@given(whole=answers(), data=st.data())
def test_a_garbled_answer_is_read_within_bounds_or_refused(
    whole: bytes, data: st.DataObject
) -> None:
    """No bytes make it raise anything else."""
    garbled = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(garbled)))
        end = at + data.draw(st.integers(0, 4))
        garbled[at:end] = data.draw(st.sampled_from([b"", b"\r\n", b"\n", b":", b"\x00", b"9"]))
    try:
        answer, _ = read(bytes(garbled))
    except AnswerInvalid:
        return
    assert answer.status >= 200
    assert len(answer.body) <= len(garbled)


@given(content=st.binary(max_size=400))
def test_bytes_that_are_no_answer_are_refused(content: bytes) -> None:
    """Not one of them is taken for a status."""
    with pytest.raises(AnswerInvalid):
        read(content)
