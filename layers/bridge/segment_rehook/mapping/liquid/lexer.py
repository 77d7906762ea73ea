"""Splitting a template into texts, outputs and tags as LiquidJS does.

A `-` next to a delimiter trims the white space of the text on the delimiter's other side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.mapping.liquid.quoted import QUOTED
from segment_rehook.mapping.liquid.scanner import BLANK, Scanner

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT, OUTPUT = "", "{{"
"""The names of tokens that are not tags."""

_TAG_START, _TAG_END = "{%", "%}"
_RAW, _END_RAW = "raw", "endraw"
_OUTPUT = re.compile(rf"\{{\{{(?>(?:[^'\"}}]|{QUOTED}|\}}(?!\}}))*)\}}\}}", re.DOTALL)
_TEXT = re.compile(r".+?(?=\{%|\{\{|\Z)", re.DOTALL)


@dataclass(slots=True)
class LiquidToken:
    """A text, an output or a tag, from `begin` to `end`.

    `content` is a range: of a text, what is not trimmed; of an output, what is between the
    delimiters; of a tag, what is between its name and the closing delimiter. It begins and ends
    without white space, unless it is a text's.
    """

    name: str
    begin: int
    end: int
    content: tuple[int, int]
    trim_left: bool = False
    trim_right: bool = False


def tokenize(source: str) -> list[LiquidToken]:
    """Split a template. Raises TemplateError."""
    scanner = Scanner(source)
    tokens: list[LiquidToken] = []
    raw_from = -1
    while not scanner.done():
        if raw_from >= 0:
            token = _raw_content(scanner, raw_from)
        elif source.startswith(_TAG_START, scanner.at):
            token = _tag(scanner)
        elif source.startswith(OUTPUT, scanner.at):
            token = _output(scanner)
        else:
            token = _text(scanner)
        if token.name in {_RAW, _END_RAW}:
            raw_from = token.begin if token.name == _RAW else -1
        tokens.append(token)
    _trim(source, tokens)
    return tokens


def tokenize_lines(source: str, begin: int, end: int) -> list[LiquidToken]:
    """Split the lines of a `liquid` tag; each is a tag without delimiters. Raises TemplateError."""
    scanner = Scanner(source, begin, end)
    tokens: list[LiquidToken] = []
    while True:
        scanner.skip_blank()
        if scanner.done():
            return tokens
        start = scanner.at
        scanner.go_past("\n")
        token = _delimited(source, start, scanner.at, (start, scanner.at))
        tokens.append(_named(source, token, "illegal liquid tag syntax"))


def _text(scanner: Scanner) -> LiquidToken:
    begin = scanner.at
    scanner.take(_TEXT)
    return LiquidToken(TEXT, begin, scanner.at, (begin, scanner.at))


def _tag(scanner: Scanner) -> LiquidToken:
    begin = scanner.at
    if not scanner.go_past(_TAG_END):
        raise scanner.error(f"tag {scanner.snapshot(begin)} not closed", begin)
    return _closed_tag(scanner, begin)


def _closed_tag(scanner: Scanner, begin: int) -> LiquidToken:
    content = (begin + len(_TAG_START), scanner.at - len(_TAG_END))
    token = _delimited(scanner.source, begin, scanner.at, content)
    return _named(scanner.source, token, "illegal tag syntax, tag name expected")


def _output(scanner: Scanner) -> LiquidToken:
    begin = scanner.at
    if scanner.take(_OUTPUT) is None:
        raise scanner.error(f"output {scanner.snapshot(begin)} not closed", begin)
    content = (begin + len(OUTPUT), scanner.at - len(OUTPUT))
    return _delimited(scanner.source, begin, scanner.at, content)


def _delimited(source: str, begin: int, end: int, content: tuple[int, int]) -> LiquidToken:
    first, last = content
    trim_left = source[first : first + 1] == "-"
    trim_right = source[last - 1 : last] == "-"
    content = _without_blank(source, first + trim_left, last - trim_right)
    return LiquidToken(OUTPUT, begin, end, content, trim_left, trim_right)


def _without_blank(source: str, begin: int, end: int) -> tuple[int, int]:
    text = source[begin:end].lstrip(BLANK)
    begin = max(begin, end - len(text))
    return begin, begin + len(text.rstrip(BLANK))


def _named(source: str, token: LiquidToken, complaint: str) -> LiquidToken:
    begin, end = token.content
    scanner = Scanner(source, begin, end)
    if source[begin : begin + 1] == "#":
        scanner.at += 1
        token.name = "#"
    else:
        token.name = scanner.word()
    scanner.check(token.name, complaint)
    scanner.skip_blank()
    token.content = (scanner.at, end)
    return token


def _raw_content(scanner: Scanner, raw_from: int) -> LiquidToken:
    begin = scanner.at
    start = _past_tag_start(scanner)
    while scanner.at < scanner.stop:
        if scanner.word() != _END_RAW:
            start = _past_tag_start(scanner)
            continue
        while scanner.at <= scanner.stop:
            if scanner.before(_TAG_END):
                if begin == start:
                    return _closed_tag(scanner, begin)
                scanner.at = start
                return LiquidToken(TEXT, begin, start, (begin, start))
            if scanner.before(_TAG_START):
                break
            scanner.at += 1
    raise scanner.error(f"raw {scanner.snapshot(raw_from)} not closed", begin)


def _past_tag_start(scanner: Scanner) -> int:
    return scanner.at - len(_TAG_START) if scanner.go_past(_TAG_START) else -1 - len(_TAG_START)


def _trim(source: str, tokens: list[LiquidToken]) -> None:
    in_raw = False
    for index, token in enumerate(tokens):
        if token.trim_left and not in_raw and index:
            _trim_text(source, tokens[index - 1], str.rstrip)
        if token.name in {_RAW, _END_RAW}:
            in_raw = token.name == _RAW
        if token.trim_right and not in_raw and index + 1 < len(tokens):
            _trim_text(source, tokens[index + 1], str.lstrip)


def _trim_text(source: str, token: LiquidToken, strip: Callable[[str, str], str]) -> None:
    if token.name == TEXT:
        begin, end = token.content
        size = len(strip(source[begin:end], BLANK))
        token.content = (begin, begin + size) if strip is str.rstrip else (end - size, end)
