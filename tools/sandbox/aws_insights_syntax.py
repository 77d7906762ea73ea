"""The tokens and the conditions of the query language of CloudWatch Logs Insights."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tools.sandbox.aws_answers import Refused
from tools.sandbox.aws_insights_fields import GENERATED, Row, compared

Condition = Callable[[Row], bool]

_SIGNS: Final = ("=", "!=", "<", "<=", ">", ">=")
_TOKEN: Final = re.compile(
    r"""\s*(?:#[^\n]*|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<regex>/(?:[^/\\]|\\.)+/)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|<=|>=|=~|[=<>(),|*\[\]])"""
    r"""|`(?P<quoted>[^`]+)`|(?P<word>@?[A-Za-z_][\w.]*))"""
)


class QueryText:
    """The text of a query being read. Raises Refused at what is not expected."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._length = len(text)
        place, end = 0, len(text.rstrip())
        while place < end:
            token = _TOKEN.match(text, place)
            if token is None:
                raise _malformed("unexpected symbol", place, self._length)
            if token.lastgroup is not None:
                kind = token.lastgroup
                self._tokens.append((kind, token.group(kind), token.start(kind)))
            place = token.end()
        self._tokens.reverse()

    @property
    def ended(self) -> bool:
        """Whether there is no further token."""
        return not self._tokens

    def names(self) -> list[str]:
        """Take the names of fields, with commas between them."""
        names = [self.name()]
        while self.take("sign", ","):
            names.append(self.name())
        return names

    def take(self, kind: str, *values: str) -> str | None:
        """Take the next token if it is of this kind, and one of these where some are given."""
        if self._tokens and self._tokens[-1][0] == kind:
            value = self._tokens[-1][1]
            if not values or value.lower() in values:
                self._tokens.pop()
                return value
        return None

    def name(self) -> str:
        """Take the name of a field."""
        name = self.take("quoted") or self.take("word")
        if name is None or (name.startswith("@") and name not in GENERATED):
            raise self.unexpected("a field; the generated ones here are " + ", ".join(GENERATED))
        return name

    def value(self) -> str:
        """Take a text or a number."""
        text = self.take("text")
        value = self.take("number") if text is None else re.sub(r"\\(.)", r"\1", text[1:-1])
        if value is None:
            raise self.unexpected("a text in quotation marks, or a number")
        return value

    def expression(self) -> re.Pattern[str]:
        """Take a regular expression, or a text that is to be found."""
        written = self.take("regex")
        if written is None:
            return re.compile(re.escape(self.value()))
        try:
            return re.compile(written[1:-1].replace(r"\/", "/"))
        except re.error:
            raise self.unexpected("a regular expression") from None

    def sign(self, *values: str) -> str:
        """Take one of these signs."""
        sign = self.take("sign", *values)
        if sign is None:
            raise self.unexpected(" or ".join(values))
        return sign

    def unexpected(self, wanted: str) -> Refused:
        """The error that says what the next token should be."""
        place = self._tokens[-1][2] if self._tokens else self._length
        return _malformed(f"expected {wanted}", place, self._length)


class Filter:
    """The condition of a ``filter`` being read."""

    def __init__(self, reading: QueryText) -> None:
        self._reading = reading

    def any(self) -> Condition:
        """Read conditions with ``or`` between them."""
        conditions = [self._all()]
        while self._reading.take("word", "or"):
            conditions.append(self._all())
        return lambda row: any(each(row) for each in conditions)

    def _all(self) -> Condition:
        conditions = [self._one()]
        while self._reading.take("word", "and"):
            conditions.append(self._one())
        return lambda row: all(each(row) for each in conditions)

    def _one(self) -> Condition:
        reading = self._reading
        if reading.take("word", "not"):
            denied = self._one()
            return lambda row: not denied(row)
        if reading.take("sign", "("):
            inner = self.any()
            reading.sign(")")
            return inner
        if reading.take("word", "ispresent"):
            reading.sign("(")
            present = reading.name()
            reading.sign(")")
            return lambda row: present in row
        name = reading.name()
        denied_word = reading.take("word", "not")
        if reading.take("word", "like"):
            return _denied(self._like(name), denied_word)
        if reading.take("word", "in"):
            return _denied(self._within(name), denied_word)
        if denied_word is None and reading.take("sign", "=~"):
            return self._like(name)
        if denied_word is not None:
            raise reading.unexpected("like or in after not")
        sign = reading.sign(*_SIGNS)
        value = reading.value()
        return lambda row: compared(row.get(name), sign, value)

    def _like(self, name: str) -> Condition:
        expression = self._reading.expression()
        return lambda row: name in row and expression.search(row[name]) is not None

    def _within(self, name: str) -> Condition:
        self._reading.sign("[")
        values = [self._reading.value()]
        while self._reading.take("sign", ","):
            values.append(self._reading.value())
        self._reading.sign("]")
        return lambda row: any(compared(row.get(name), "=", value) for value in values)


def _denied(condition: Condition, word: str | None) -> Condition:
    return condition if word is None else lambda row: not condition(row)


def _malformed(reason: str, place: int, length: int) -> Refused:
    location = {"startCharOffset": place, "endCharOffset": length}
    return Refused(
        "MalformedQueryException",
        f"{reason} at position {place}",
        members={"queryCompileError": {"message": reason, "location": location}},
    )
