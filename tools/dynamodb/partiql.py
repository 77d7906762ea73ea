"""The writes in PartiQL that the stand-in for DynamoDB carries out, read into values.

    INSERT INTO table VALUE {'name': value, ...}
    UPDATE table SET name = value REMOVE name ... WHERE name = value AND ...
    DELETE FROM table WHERE name = value AND ...

A value is ``?`` or a literal; a literal is a string, a number, TRUE, FALSE or NULL. A name stands
for a whole attribute. As in DynamoDB, a name that is a reserved word needs double quotation marks.
Source: "PartiQL - a SQL-compatible query language for Amazon DynamoDB" in the developer guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

if TYPE_CHECKING:
    from collections.abc import Sequence

    AttributeValue = dict[str, Any]
    Item = dict[str, AttributeValue]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^']|'')*')
        |(?P<quoted>"(?:[^"]|"")+")
        |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
        |(?P<word>[A-Za-z_][\w]*)
        |(?P<sign>[?{}:,=]))\s*""",
    re.VERBOSE | re.ASCII,
)
_LITERALS: dict[str, AttributeValue] = {
    "TRUE": {"BOOL": True},
    "FALSE": {"BOOL": False},
    "NULL": {"NULL": True},
}


class InvalidStatement(ValueError):
    """A statement that DynamoDB refuses, or one that only the stand-in cannot carry out."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Put an item where there is none with its key."""

    table: str
    item: Item


@dataclass(frozen=True, slots=True)
class Update:
    """Change an item that exists and whose attributes equal ``where``, its key among them."""

    table: str
    where: Item
    assigned: Item
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an item whose attributes equal ``where``, its key among them, if there is one."""

    table: str
    where: Item


Write = Insert | Update | Delete


def is_read(statement: str) -> bool:
    """Whether a statement reads; every other one counts as a write."""
    return re.match(r"\s*SELECT\b", statement, re.IGNORECASE) is not None


def parse_write(statement: str, parameters: Sequence[AttributeValue]) -> Write:
    """Read one write with its parameters. Raises InvalidStatement."""
    return _Parser(statement, parameters).write()


class _Parser:
    def __init__(self, statement: str, parameters: Sequence[AttributeValue]) -> None:
        self._tokens = _tokens(statement)
        self._next = 0
        self._parameters = parameters
        self._used = 0

    def write(self) -> Write:
        write: Write
        if self._accept("INSERT"):
            write = self._insert()
        elif self._accept("DELETE"):
            write = self._delete()
        else:
            write = self._update()
        if self._peek() != ("end", ""):
            raise _malformed(f"unexpected {self._peek()[1]}")
        if self._used != len(self._parameters):
            raise InvalidStatement("Number of parameters in request and statement don't match.")
        return write

    def _insert(self) -> Insert:
        self._expect("INTO")
        table = self._name()
        self._expect("VALUE")
        self._expect("{")
        item: Item = {}
        while True:
            kind, text = self._take()
            if kind != "string":
                raise _malformed("an attribute's name in VALUE needs single quotation marks")
            self._expect(":")
            _put(item, _unquoted(text), self._value())
            if not self._accept(","):
                break
        self._expect("}")
        return Insert(table, item)

    def _update(self) -> Update:
        self._expect("UPDATE")
        table = self._name()
        assigned: Item = {}
        removed: set[str] = set()
        while True:
            if self._accept("SET"):
                self._assignments(assigned)
            elif self._accept("REMOVE"):
                removed.add(self._name())
            else:
                break
        if removed & assigned.keys():
            raise InvalidStatement("Two document paths overlap with each other")
        if not assigned and not removed:
            raise _malformed("neither SET nor REMOVE")
        return Update(table, self._where(), assigned, frozenset(removed))

    def _delete(self) -> Delete:
        self._expect("FROM")
        return Delete(self._name(), self._where())

    def _where(self) -> Item:
        self._expect("WHERE")
        where: Item = {}
        while True:
            name = self._name()
            self._expect("=")
            _put(where, name, self._value())
            if not self._accept("AND"):
                return where

    def _assignments(self, assigned: Item) -> None:
        while True:
            name = self._name()
            self._expect("=")
            _put(assigned, name, self._value())
            if not self._accept(","):
                return

    def _name(self) -> str:
        kind, text = self._take()
        if kind == "quoted":
            return _unquoted(text)
        if kind != "word":
            raise _malformed(f"expected a name, not {text or 'the end'}")
        if text.upper() in ReservedKeywords.get_reserved_keywords():
            raise _malformed(f"{text} is a reserved word and needs double quotation marks")
        return text

    def _value(self) -> AttributeValue:
        kind, text = self._take()
        if text == "?":
            self._used += 1
            if self._used > len(self._parameters):
                raise InvalidStatement("Number of parameters in request and statement don't match.")
            return self._parameters[self._used - 1]
        if kind == "string":
            return {"S": _unquoted(text)}
        if kind == "number":
            return {"N": text}
        if kind == "word" and text.upper() in _LITERALS:
            return _LITERALS[text.upper()]
        raise _malformed(f"expected a value, not {text or 'the end'}")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next]

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, word: str) -> bool:
        kind, text = self._peek()
        found = kind in {"word", "sign"} and text.upper() == word
        if found:
            self._take()
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise _malformed(f"expected {word}, not {self._peek()[1] or 'the end'}")


def _tokens(statement: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(statement):
        match = _TOKEN.match(statement, position)
        if match is None:
            raise _malformed(f"unexpected {statement[position:].strip()}")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return [*found, ("end", "")]


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _put(item: Item, name: str, value: AttributeValue) -> None:
    if name in item:
        raise InvalidStatement(f"{name} is named twice")
    item[name] = value


def _malformed(what: str) -> InvalidStatement:
    return InvalidStatement(f"Statement wasn't well formed, can't be processed: {what}")
