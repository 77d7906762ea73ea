"""LiquidJS's expressions, compiled to callables on a render context.

Its grammar takes operands and operators in any order and evaluates what results on a stack:
the first value left is the answer, what is missing is undefined. `and` and `or` are read from
right to left, and both their sides are always evaluated.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.quoted import unquoted
from segment_rehook.mapping.liquid.scanner import (
    DIGITS,
    SIGNS,
    Fault,
    Refused,
    Scanner,
    is_word,
    refusal,
)
from segment_rehook.mapping.liquid.scope import variable
from segment_rehook.mapping.liquid.values import (
    LITERALS,
    allow,
    as_number,
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

    from segment_rehook.mapping.liquid.scope import Scope

Evaluate: TypeAlias = "Callable[[Scope], Value]"


@dataclass(frozen=True, slots=True)
class Operator:
    """What stands between operands, or before one; the tighter it binds, the higher."""

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


@dataclass(slots=True)
class Names:
    """The variables that a template starts from; None once one is not known beforehand."""

    found: set[str] | None = field(default_factory=set)

    def add(self, name: str | None) -> None:
        """Take note of a variable."""
        if name is None:
            self.found = None
        elif self.found is not None:
            self.found.add(name)


class Parser:
    """Compiles what stands in a range of a template."""

    def __init__(self, scanner: Scanner, names: Names) -> None:
        self.scanner = scanner
        self.names = names

    def expression(self) -> Evaluate:
        """Read operands and operators as far as they go. Raises Refused where there is none."""
        postfix: list[Evaluate | Operator] = []
        waiting: list[Operator] = []
        while not self.scanner.done():
            if (found := self._operator()) is not None:
                while waiting and waiting[-1].binds > found.binds:
                    postfix.append(waiting.pop())
                waiting.append(found)
            elif (operand := self.value()) is not None:
                postfix.append(operand)
            else:
                break
        postfix += reversed(waiting)
        snapshot = self.scanner.snapshot()
        self.scanner.check(postfix, f"invalid value expression: {snapshot}")
        return _on_stack(postfix)

    def value(self) -> Evaluate | None:
        """Read one operand; None where there is none."""
        scanner = self.scanner
        scanner.skip_blank()
        begin = scanner.at
        start = self._literal() or self._quoted() or self._number() or self._range()
        steps = self._steps(named=start is None)
        if not steps:
            return start
        return _access(start, steps, lambda text: refusal(text, scanner.source, begin))

    def path(self) -> Evaluate | None:
        """Read a variable and its members; None where there is none."""
        begin = self.scanner.at
        steps = self._steps(named=True)
        if not steps:
            return None
        return _access(None, steps, lambda text: refusal(text, self.scanner.source, begin))

    def _word(self, words: Mapping[str, object]) -> str | None:
        # The longest of the words that stands here; one of letters must end here.
        scanner = self.scanner
        scanner.skip_blank()
        ahead = scanner.source[scanner.at : scanner.stop]
        word = max(filter(ahead.startswith, words), key=len, default=None)
        if word is None or (is_word(word[-1]) and is_word(scanner.peek(len(word)))):
            return None
        scanner.at += len(word)
        return word

    def _operator(self) -> Operator | None:
        word = self._word(_OPERATORS)
        return None if word is None else _OPERATORS[word]

    def _literal(self) -> Evaluate | None:
        word = self._word(LITERALS)
        return None if word is None else _constant(LITERALS[word])

    def _quoted(self) -> Evaluate | None:
        quoted = self.scanner.quoted()
        return None if quoted is None else _constant(from_units(unquoted(quoted)))

    def _number(self) -> Evaluate | None:
        scanner = self.scanner
        scanner.skip_blank()
        ahead = int(scanner.peek() in SIGNS)
        digits = points = 0
        while True:
            unit = scanner.peek(ahead)
            if unit in DIGITS:
                digits += 1
            elif unit == "." != scanner.peek(ahead + 1):
                if points or not digits:
                    return None
                points = 1
            else:
                break
            ahead += 1
        if not digits or is_word(unit):
            return None
        text = scanner.source[scanner.at : scanner.at + ahead]
        scanner.at += ahead
        return _constant(to_number(text))

    def _range(self) -> Evaluate | None:
        scanner = self.scanner
        if scanner.peek() != "(":
            return None
        scanner.at += 1
        low = self._required()
        scanner.skip_blank()
        if scanner.peek() != "." or scanner.peek(1) != ".":
            raise scanner.error("invalid range syntax")
        scanner.at += 2
        high = self._required()
        scanner.skip_blank()
        closed = scanner.peek() == ")"
        scanner.at += 1
        scanner.check(closed, "invalid range syntax")
        return lambda context: _span(plain(low(context)), plain(high(context)))

    def _required(self) -> Evaluate:
        value = self.value()
        if value is None:
            scanner = self.scanner
            raise scanner.error(f"unexpected token {scanner.snapshot()}, value expected")
        return value

    def _steps(self, *, named: bool) -> list[Evaluate]:
        scanner = self.scanner
        steps: list[Evaluate] = []
        while True:
            first = named and not steps
            if scanner.peek() == "[":
                scanner.at += 1
                step = self.value()
                scanner.check(scanner.go_past("]"), "[ not closed")
                if first:
                    self.names.add(None)
                steps.append(step or _constant(""))
                continue
            name = scanner.identifier() if first else ""
            if not name and scanner.peek() == "." != scanner.peek(1):
                scanner.at += 1
                name = scanner.identifier()
            if not name:
                return steps
            if first:
                self.names.add(from_units(name))
            steps.append(_constant(from_units(name)))


def _constant(value: Value) -> Evaluate:
    return lambda _: value


def _on_stack(postfix: list[Evaluate | Operator]) -> Evaluate:
    if len(postfix) == 1 and not isinstance(postfix[0], Operator):
        return postfix[0]

    def evaluate(context: Scope) -> Value:
        stack: list[Value] = []
        for each in postfix:
            if isinstance(each, Operator):
                taken = [stack.pop() if stack else UNDEFINED for _ in range(each.operands)]
                stack.append(each.apply(*reversed(taken)))
            else:
                stack.append(each(context))
        return stack[0]

    return evaluate


def _access(
    start: Evaluate | None, steps: list[Evaluate], place: Callable[[str], Refused]
) -> Evaluate:
    def evaluate(context: Scope) -> Value:
        keys = [plain(step(context)) for step in steps]
        value = UNDEFINED if start is None else start(context)
        try:
            if start is None:
                value = variable(context, keys.pop(0))
            for key in keys:
                value = read(value, key)
        except (Fault, MappingError) as thrown:
            raise place(str(thrown)) from None
        return value

    return evaluate


def _span(low: Value, high: Value) -> Value:
    first, last = as_number(low), as_number(high)
    count = last + 1 - first
    if not count > 0:
        return []  # upside down, or of what is no number
    allow(count)
    return [first + step for step in range(ceil(count))]
