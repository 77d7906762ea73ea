"""Cutting a template into text, outputs and tags as LiquidJS does.

Each output and each tag is followed by a token of its expression, whose range is what stands
between the delimiters without white space; `-` beside a delimiter trims the text beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from segment_rehook.mapping.liquid.scanner import BLANK, QUOTES, Scanner

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG_START, TAG_END = "{%", "%}"
OUTPUT_START, OUTPUT_END = "{{", "}}"
RAW, END_RAW = "raw", "endraw"


@dataclass(slots=True)
class Chunk:
    """A piece of a template: `name` is a tag's, `content` the range between delimiters."""

    kind: str
    begin: int
    end: int
    name: str = ""
    content: tuple[int, int] = (0, 0)
    trim_left: bool = False
    trim_right: bool = False

    def tokens(self, source: str) -> Iterator[Token]:
        """Give the parser's tokens for it."""
        if self.kind == TOKEN_CONTENT:
            yield Token(TOKEN_CONTENT, source[self.begin : self.end], self.begin, source)
            return
        yield Token(self.kind, self.name or OUTPUT_START, self.begin, source)
        begin, end = self.content
        yield Token(TOKEN_EXPRESSION, source[begin:end], begin, source)


def tokenize(source: str) -> list[Token]:
    """Cut a template. Raises Refused."""
    scanner = Scanner(source)
    chunks: list[Chunk] = []
    raw_from = -1
    while not scanner.done():
        if raw_from >= 0:
            chunk = _raw_content(scanner, raw_from)
        elif source.startswith(TAG_START, scanner.at):
            chunk = _tag(scanner)
        elif source.startswith(OUTPUT_START, scanner.at):
            chunk = _output(scanner)
        else:
            chunk = _text(scanner)
        if chunk.name in {RAW, END_RAW}:
            raw_from = chunk.begin if chunk.name == RAW else -1
        chunks.append(chunk)
    _trim(source, chunks)
    return [token for chunk in chunks for token in chunk.tokens(source)]


def tokenize_lines(source: str, begin: int, end: int) -> list[Token]:
    """Cut the lines of a `liquid` tag, each a tag without delimiters. Raises Refused."""
    scanner = Scanner(source, begin, end)
    tokens: list[Token] = []
    while True:
        scanner.skip_blank()
        if scanner.done():
            return tokens
        start = scanner.at
        scanner.go_past("\n")
        chunk = _delimited(source, TOKEN_TAG, start, scanner.at, (start, scanner.at))
        tokens += _named(source, chunk, "illegal liquid tag syntax").tokens(source)


def _text(scanner: Scanner) -> Chunk:
    begin = scanner.at
    found = [scanner.source.find(start, begin) for start in (TAG_START, OUTPUT_START)]
    scanner.at = min((place for place in found if place >= 0), default=scanner.stop)
    return Chunk(TOKEN_CONTENT, begin, scanner.at)


def _tag(scanner: Scanner) -> Chunk:
    begin = scanner.at
    if not scanner.go_past(TAG_END):
        raise scanner.error(f"tag {scanner.snapshot(begin)} not closed", begin)
    return _closed_tag(scanner, begin)


def _closed_tag(scanner: Scanner, begin: int) -> Chunk:
    content = (begin + len(TAG_START), scanner.at - len(TAG_END))
    chunk = _delimited(scanner.source, TOKEN_TAG, begin, scanner.at, content)
    return _named(scanner.source, chunk, "illegal tag syntax, tag name expected")


def _output(scanner: Scanner) -> Chunk:
    begin = scanner.at
    while scanner.at < scanner.stop:
        if scanner.peek() in QUOTES:
            scanner.quoted()
            continue
        scanner.at += 1
        if scanner.before(OUTPUT_END):
            content = (begin + len(OUTPUT_START), scanner.at - len(OUTPUT_END))
            return _delimited(scanner.source, TOKEN_OUTPUT, begin, scanner.at, content)
    raise scanner.error(f"output {scanner.snapshot(begin)} not closed", begin)


def _delimited(source: str, kind: str, begin: int, end: int, content: tuple[int, int]) -> Chunk:
    first, last = content
    trim_left = source[first : first + 1] == "-"
    trim_right = source[last - 1 : last] == "-"
    first, last = first + trim_left, last - trim_right
    while first < last and source[first] in BLANK:
        first += 1
    while last > first and source[last - 1] in BLANK:
        last -= 1
    return Chunk(kind, begin, end, "", (first, last), trim_left, trim_right)


def _named(source: str, chunk: Chunk, complaint: str) -> Chunk:
    begin, end = chunk.content
    scanner = Scanner(source, begin, end)
    if source[begin : begin + 1] == "#":
        scanner.at += 1
        chunk.name = "#"
    else:
        chunk.name = scanner.identifier()
    scanner.check(chunk.name, complaint)
    scanner.skip_blank()
    chunk.content = (scanner.at, end)
    return chunk


def _raw_content(scanner: Scanner, raw_from: int) -> Chunk:
    begin = scanner.at
    start = _past_tag_start(scanner)
    while scanner.at < scanner.stop:
        if scanner.identifier() != END_RAW:
            start = _past_tag_start(scanner)
            continue
        while scanner.at <= scanner.stop:
            if scanner.before(TAG_END):
                if begin == start:
                    return _closed_tag(scanner, begin)
                scanner.at = start
                return Chunk(TOKEN_CONTENT, begin, start)
            if scanner.before(TAG_START):
                break
            scanner.at += 1
    raise scanner.error(f"raw {scanner.snapshot(raw_from)} not closed", begin)


def _past_tag_start(scanner: Scanner) -> int:
    return scanner.at - len(TAG_START) if scanner.go_past(TAG_START) else -1 - len(TAG_START)


def _trim(source: str, chunks: list[Chunk]) -> None:
    in_raw = False
    for index, chunk in enumerate(chunks):
        if chunk.kind == TOKEN_CONTENT:
            continue
        if chunk.trim_left and not in_raw and index:
            _trim_end(source, chunks[index - 1])
        if chunk.name in {RAW, END_RAW}:
            in_raw = chunk.name == RAW
        if chunk.trim_right and not in_raw and index + 1 < len(chunks):
            _trim_start(source, chunks[index + 1])


def _trim_end(source: str, chunk: Chunk) -> None:
    if chunk.kind == TOKEN_CONTENT:
        while chunk.end > chunk.begin and source[chunk.end - 1] in BLANK:
            chunk.end -= 1


def _trim_start(source: str, chunk: Chunk) -> None:
    if chunk.kind == TOKEN_CONTENT:
        while chunk.begin < chunk.end and source[chunk.begin] in BLANK:
            chunk.begin += 1
