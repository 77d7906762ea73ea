"""LiquidJS's expressions, compiled to callables on a render context.

The grammar allows operands and operators in any order, and evaluates them on a stack. The result is
the first value that is left; missing operands are undefined. `and` and `or` are right-associative,
and both operands are always evaluated.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.scanner import NAMED, Scanner, TemplateError
from segment_rehook.mapping.liquid.values import (
    LITERALS,
    as_number,
    check_size,
    compared,
    contains,
    equal,
    falsy,
    plain,
    read,
)
from segment_rehook.mapping.text import from_units
from segment_rehook.mapping.values import UNDEFINED, Value, to_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.context import Context

Evaluate: TypeAlias = "Callable[[Context], Value]"
"""Returns an expression's value. Raises TemplateError or MappingError."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator with one or two operands. A higher `binds` binds tighter."""

    binds: int
    apply: Callable[..., Value]
    operands: int = 2


def _ordering(holds: Callable[[Any, Any], bool]) -> Operator:
    return Operator(2, lambda left, right: compared(left, right, holds))


_OPERATORS: Mapping[str, Operator] = {
    "==": Operator(2, equal),
    "!=": Operator(2, lambda left, right: not equal(left, right)),
    ">=": _ordering(operator.ge),
    "<=": _ordering(operator.le),
    ">": _ordering(operator.gt),
    "<": _ordering(operator.lt),
    "contains": Operator(2, contains),
    "not": Operator(1, falsy, 1),
    "and": Operator(0, lambda left, right: not falsy(left) and not falsy(right)),
    "or": Operator(0, lambda left, right: not falsy(left) or not falsy(right)),
}
_OPERATOR = re.compile(f"(?:contains|not|and|or)(?!{NAMED})|==|!=|>=|<=|>|<")
_LITERAL = re.compile(f"(?:{'|'.join(LITERALS)})(?!{NAMED})")
# A point that another point follows belongs to a range, not to the number.
_NUMBER = re.compile(rf"(?>[+-]?[0-9]+(?:\.(?!\.)[0-9]*)?)(?!\.(?!\.)|{NAMED})")
_DOTS = re.compile(r"\.\.")


@dataclass(slots=True)
class Variables:
    """The variables that a template reads.

    `found` is None if a variable's name is computed when the template is rendered.
    """

    found: set[str] | None = field(default_factory=set)

    def add(self, name: str | None) -> None:
        """Add a variable; None if its name is computed."""
        if name is None:
            self.found = None
        elif self.found is not None:
            self.found.add(name)


class Expressions(Scanner):
    """Compiles the expressions in a range of a template; adds the variables to `variables`."""

    def __init__(self, source: str, begin: int, end: int, variables: Variables) -> None:
        super().__init__(source, begin, end)
        self.variables = variables

    def expression(self) -> Evaluate:
        """Read operands and operators as long as there are any; at least one.

        Raises TemplateError.
        """
        postfix: list[Evaluate | Operator] = []
        waiting: list[Operator] = []
        while not self.done():
            self.skip_blank()
            if word := self.take(_OPERATOR):
                found = _OPERATORS[word]
                while waiting and waiting[-1].binds > found.binds:
                    postfix.append(waiting.pop())
                waiting.append(found)
            elif (operand := self.operand()) is not None:
                postfix.append(operand)
            else:
                break
        postfix += reversed(waiting)
        self.check(postfix, f"invalid value expression: {self.snapshot()}")
        return _on_stack(postfix)

    def operand(self) -> Evaluate | None:
        """Read one operand; None if there is none."""
        self.skip_blank()
        begin = self.at
        start = self._constant() or self._range()
        return self._member(begin, start, self._steps(named=start is None))

    def path(self) -> Evaluate | None:
        """Read a variable and its members; None if there is none."""
        return self._member(self.at, None, self._steps(named=True))

    def _constant(self) -> Evaluate | None:
        if word := self.take(_LITERAL):
            return _constant(LITERALS[word])
        if (quoted := self.quoted()) is not None:
            return _constant(from_units(quoted))
        if number := self.take(_NUMBER):
            return _constant(to_number(number))
        return None

    def _range(self) -> Evaluate | None:
        if self.peek() != "(":
            return None
        self.at += 1
        low = self._required()
        self.skip_blank()
        if self.take(_DOTS) is None:
            raise self.error("invalid range syntax")
        high = self._required()
        self.skip_blank()
        closed = self.peek() == ")"
        self.at += 1
        self.check(closed, "invalid range syntax")
        return lambda context: _span(plain(low(context)), plain(high(context)))

    def _required(self) -> Evaluate:
        value = self.operand()
        if value is None:
            raise self.error(f"unexpected token {self.snapshot()}, value expected")
        return value

    def _steps(self, *, named: bool) -> list[Evaluate]:
        steps: list[Evaluate] = []
        while True:
            first = named and not steps
            if self.peek() == "[":
                self.at += 1
                step = self.operand()
                self.check(self.go_past("]"), "[ not closed")
                if first:
                    self.variables.add(None)
                steps.append(step or _constant(""))
                continue
            name = self.word() if first else ""
            if not name and self.peek() == "." != self.peek(1):
                self.at += 1
                name = self.word()
            if not name:
                return steps
            if first:
                self.variables.add(from_units(name))
            steps.append(_constant(from_units(name)))

    def _member(self, begin: int, start: Evaluate | None, steps: list[Evaluate]) -> Evaluate | None:
        if not steps:
            return start

        def evaluate(context: Context) -> Value:
            keys = [plain(step(context)) for step in steps]
            value = UNDEFINED if start is None else start(context)
            try:
                if start is None:
                    value = context.variable(keys.pop(0))
                for key in keys:
                    value = read(value, key)
            except MappingError as thrown:
                raise TemplateError(str(thrown), self.source, begin) from None
            return value

        return evaluate


def _constant(value: Value) -> Evaluate:
    return lambda _: value


def _on_stack(postfix: list[Evaluate | Operator]) -> Evaluate:
    if len(postfix) == 1 and not isinstance(postfix[0], Operator):
        return postfix[0]

    def evaluate(context: Context) -> Value:
        stack: list[Value] = []
        for each in postfix:
            if isinstance(each, Operator):
                taken = [stack.pop() if stack else UNDEFINED for _ in range(each.operands)]
                stack.append(each.apply(*reversed(taken)))
            else:
                stack.append(each(context))
        return stack[0]

    return evaluate


def _span(low: Value, high: Value) -> Value:
    first, last = as_number(low), as_number(high)
    count = last + 1 - first
    if not count > 0:
        return []  # the last is before the first, or an end is not a number
    check_size(count)
    return [first + step for step in range(ceil(count))]
