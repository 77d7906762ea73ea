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
"""The names of lexemes that are not tags."""

_TAG_START, _TAG_END = "{%", "%}"
_RAW, _END_RAW = "raw", "endraw"
_OUTPUT = re.compile(rf"\{{\{{(?>(?:[^'\"}}]|{QUOTED}|\}}(?!\}}))*)\}}\}}", re.DOTALL)
_TEXT = re.compile(r".+?(?=\{%|\{\{|\Z)", re.DOTALL)


@dataclass(slots=True)
class Lexeme:
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


def lexemes_of(source: str) -> list[Lexeme]:
    """Split a template. Raises TemplateError."""
    scanner = Scanner(source)
    lexemes: list[Lexeme] = []
    raw_from = -1
    while not scanner.done():
        if raw_from >= 0:
            lexeme = _raw_content(scanner, raw_from)
        elif source.startswith(_TAG_START, scanner.at):
            lexeme = _tag(scanner)
        elif source.startswith(OUTPUT, scanner.at):
            lexeme = _output(scanner)
        else:
            lexeme = _text(scanner)
        if lexeme.name in {_RAW, _END_RAW}:
            raw_from = lexeme.begin if lexeme.name == _RAW else -1
        lexemes.append(lexeme)
    _trim(source, lexemes)
    return lexemes


def lexemes_of_lines(source: str, begin: int, end: int) -> list[Lexeme]:
    """Split the lines of a `liquid` tag; each is a tag without delimiters. Raises TemplateError."""
    scanner = Scanner(source, begin, end)
    lexemes: list[Lexeme] = []
    while True:
        scanner.skip_blank()
        if scanner.done():
            return lexemes
        start = scanner.at
        scanner.go_past("\n")
        lexeme = _delimited(source, start, scanner.at, (start, scanner.at))
        lexemes.append(_named(source, lexeme, "illegal liquid tag syntax"))


def _text(scanner: Scanner) -> Lexeme:
    begin = scanner.at
    scanner.take(_TEXT)
    return Lexeme(TEXT, begin, scanner.at, (begin, scanner.at))


def _tag(scanner: Scanner) -> Lexeme:
    begin = scanner.at
    if not scanner.go_past(_TAG_END):
        raise scanner.error(f"tag {scanner.snapshot(begin)} not closed", begin)
    return _closed_tag(scanner, begin)


def _closed_tag(scanner: Scanner, begin: int) -> Lexeme:
    content = (begin + len(_TAG_START), scanner.at - len(_TAG_END))
    lexeme = _delimited(scanner.source, begin, scanner.at, content)
    return _named(scanner.source, lexeme, "illegal tag syntax, tag name expected")


def _output(scanner: Scanner) -> Lexeme:
    begin = scanner.at
    if scanner.take(_OUTPUT) is None:
        raise scanner.error(f"output {scanner.snapshot(begin)} not closed", begin)
    content = (begin + len(OUTPUT), scanner.at - len(OUTPUT))
    return _delimited(scanner.source, begin, scanner.at, content)


def _delimited(source: str, begin: int, end: int, content: tuple[int, int]) -> Lexeme:
    first, last = content
    trim_left = source[first : first + 1] == "-"
    trim_right = source[last - 1 : last] == "-"
    content = _without_blank(source, first + trim_left, last - trim_right)
    return Lexeme(OUTPUT, begin, end, content, trim_left, trim_right)


def _without_blank(source: str, begin: int, end: int) -> tuple[int, int]:
    text = source[begin:end].lstrip(BLANK)
    begin = max(begin, end - len(text))
    return begin, begin + len(text.rstrip(BLANK))


def _named(source: str, lexeme: Lexeme, complaint: str) -> Lexeme:
    begin, end = lexeme.content
    scanner = Scanner(source, begin, end)
    if source[begin : begin + 1] == "#":
        scanner.at += 1
        lexeme.name = "#"
    else:
        lexeme.name = scanner.word()
    scanner.check(lexeme.name, complaint)
    scanner.skip_blank()
    lexeme.content = (scanner.at, end)
    return lexeme


def _raw_content(scanner: Scanner, raw_from: int) -> Lexeme:
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
                return Lexeme(TEXT, begin, start, (begin, start))
            if scanner.before(_TAG_START):
                break
            scanner.at += 1
    raise scanner.error(f"raw {scanner.snapshot(raw_from)} not closed", begin)


def _past_tag_start(scanner: Scanner) -> int:
    return scanner.at - len(_TAG_START) if scanner.go_past(_TAG_START) else -1 - len(_TAG_START)


def _trim(source: str, lexemes: list[Lexeme]) -> None:
    in_raw = False
    for index, lexeme in enumerate(lexemes):
        if lexeme.trim_left and not in_raw and index:
            _trim_text(source, lexemes[index - 1], str.rstrip)
        if lexeme.name in {_RAW, _END_RAW}:
            in_raw = lexeme.name == _RAW
        if lexeme.trim_right and not in_raw and index + 1 < len(lexemes):
            _trim_text(source, lexemes[index + 1], str.lstrip)


def _trim_text(source: str, lexeme: Lexeme, strip: Callable[[str, str], str]) -> None:
    if lexeme.name == TEXT:
        begin, end = lexeme.content
        size = len(strip(source[begin:end], BLANK))
        lexeme.content = (begin, begin + size) if strip is str.rstrip else (end - size, end)
