"""One HTTP/1.1 answer, read from what a connection receives (RFC 9112).

An answer counts only when it is whole, so a head, a body or a chunk that breaks off is refused. So
is what two readers could take for two different answers: lengths that differ, a header line
without a name, a stray CR or NUL. Accepted, as the RFC allows: lines of the head that end in LF
alone, folded lines, chunk extensions and trailers. The limits below bound work and memory; whoever
receives bounds the time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segment_rehook.rehook.reply import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

# An answer longer than this is not Rehook's; what lies beyond is not read.
MAX_ANSWER_BYTES = 65_536
# A head, and all that follows the last chunk.
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
MAX_CHUNK_LINE_BYTES = 4_096

FIRST_FINAL = 200
BODILESS = frozenset({204, 304})

_HEAD_END = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(rb"\r\n")
_FOLD = re.compile(r"\n[ \t]+")
# The status line, and after it each header's name, a colon and its value.
_HEAD = re.compile(
    r"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: [^\n\r\0]*+)?"
    r"((?:\n[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\n\r\0]*+)*+)"
)
_LENGTH = re.compile(r"([0-9]{1,18})(?:[ \t]*,[ \t]*\1)*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")


class AnswerInvalid(ValueError):
    """What came is not a whole answer."""


class ReceivedAnswer(NamedTuple):
    """An answer, and whether its connection may be used again."""

    answer: Answer
    keep: bool


class _Head(NamedTuple):
    minor: str  # of HTTP's version
    status: int
    headers: dict[str, str]

    @property
    def keeps(self) -> bool:
        """Whether the server leaves the connection open."""
        said = self.headers.get("connection", "").lower()
        return "keep-alive" in said if self.minor == "0" else "close" not in said


def read_answer(receive: Callable[[], bytes], max_bytes: int = MAX_ANSWER_BYTES) -> ReceivedAnswer:
    """Read the final answer and pass over interim ones (1xx).

    `receive` gives the next bytes, nothing at the connection's end; what it raises is passed on.
    Raises AnswerInvalid. Of a body, the first `max_bytes` are read.
    """
    source = _Source(receive, max_bytes)
    head = source.head()
    while head.status < FIRST_FINAL:
        head = source.head()
    body, whole = _body(head, source)
    keep = whole and head.keeps and not source.unread
    return ReceivedAnswer(Answer(head.status, head.headers, body), keep)


def _body(head: _Head, source: _Source) -> tuple[bytes, bool]:
    """Give the body, and whether all of it was read."""
    if head.status in BODILESS:
        return b"", True
    coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
    if coding is not None:
        if coding.rpartition(",")[2].strip().lower() != "chunked":
            return source.rest(), False
        body, whole = source.chunks()
        # RFC 9112, 6.1: with a length too, or in HTTP/1.0, somebody between may count otherwise.
        return body, whole and length is None and head.minor != "0"
    if length is None:
        return source.rest(), False
    announced = _LENGTH.fullmatch(length)
    if announced is None:
        raise AnswerInvalid("Content-Length is no number, or several")
    size = int(announced[1])
    return source.take(min(size, source.max_bytes)), size <= source.max_bytes


class _Source:
    """What was received and not yet read."""

    def __init__(self, receive: Callable[[], bytes], max_bytes: int) -> None:
        self._receive = receive
        self.max_bytes = max_bytes
        self.unread = bytearray()

    def head(self) -> _Head:
        """Read a status line and headers, up to the blank line."""
        text = self._until(_HEAD_END, MAX_HEAD_BYTES).decode("latin-1")
        return _head(text.replace("\r\n", "\n").removesuffix("\r"))

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        while len(self.unread) < size:
            self._more()
        taken = bytes(self.unread[:size])
        del self.unread[:size]
        return taken

    def rest(self) -> bytes:
        """Read up to the connection's end."""
        while len(self.unread) < self.max_bytes and (data := self._receive()):
            self.unread += data
        return bytes(self.unread[: self.max_bytes])

    def chunks(self) -> tuple[bytes, bool]:
        """Give what the chunks hold, and whether all of them and the trailers were read."""
        body = bytearray()
        while size := self._chunk_size():
            body += self.take(min(size, self.max_bytes - len(body)))
            if len(body) == self.max_bytes:
                return bytes(body), False
            if self.take(2) != b"\r\n":
                raise AnswerInvalid("a chunk is longer than its size")
        return bytes(body), self._trailers()

    def _chunk_size(self) -> int:
        size = _CHUNK.fullmatch(self._until(_LINE_END, MAX_CHUNK_LINE_BYTES))
        if size is None:
            raise AnswerInvalid("a chunk's size is no number")
        return int(size[1], 16)

    def _trailers(self) -> bool:
        """Pass over the trailers. False if they break off; the body is whole all the same."""
        room = MAX_HEAD_BYTES
        try:
            while line := self._until(_LINE_END, room):
                room -= len(line)
        except AnswerInvalid:
            return False
        return True

    def _until(self, end: re.Pattern[bytes], most: int) -> bytes:
        """Read what comes before `end`, at most `most` bytes, and pass over `end`."""
        searched = 0
        while (found := end.search(self.unread, searched)) is None and searched <= most:
            searched = max(len(self.unread) - 2, 0)
            self._more()
        if found is None or found.start() > most:
            raise AnswerInvalid("a head or a line is too long")
        before = bytes(self.unread[: found.start()])
        del self.unread[: found.end()]
        return before

    def _more(self) -> None:
        data = self._receive()
        if not data:
            raise AnswerInvalid("the answer broke off")
        self.unread += data


def _head(text: str) -> _Head:
    head = _HEAD.fullmatch(_FOLD.sub(" ", text))
    if head is None or text.count("\n") > MAX_HEADERS:
        raise AnswerInvalid("the head is not HTTP/1.1's")
    headers: dict[str, str] = {}
    for line in head[3].split("\n")[1:]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        # RFC 9110, 5.3: several lines of one name are one list.
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return _Head(head[1], int(head[2]), headers)
