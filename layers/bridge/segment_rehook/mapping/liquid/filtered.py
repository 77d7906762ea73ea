"""Values with filters: `{{ name | default: "you" | upcase }}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.liquid.scanner import END
from segment_rehook.mapping.text import from_units
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.mapping.liquid.expressions import Evaluate, Parser
    from segment_rehook.mapping.liquid.scope import Scope
    from segment_rehook.mapping.values import Value

Filter: TypeAlias = "Callable[..., Value]"
"""Given the value, then the arguments; a named argument is a list of its name and value."""

_AFTER_FILTER = frozenset([END, ",", "|", ")"])


@dataclass(frozen=True, slots=True)
class Application:
    """A filter with its arguments; without a function it gives the value back."""

    function: Filter | None
    arguments: tuple[Evaluate, ...]

    def apply(self, value: Value, context: Scope) -> Value:
        """Apply it. The arguments are evaluated whether or not they are used."""
        given = [argument(context) for argument in self.arguments]
        return value if self.function is None else self.function(value, *given)


def filtered_value(parser: Parser, find: Callable[[str, int], Filter | None]) -> Evaluate:
    """Compile an expression and its filters. Raises Refused.

    `find` is given a filter's name and the number of its arguments.
    """
    initial = parser.expression()
    filters: list[Application] = []
    while (found := _filter(parser, find)) is not None:
        filters.append(found)
    if not filters:
        return initial

    def evaluate(context: Scope) -> Value:
        value = initial(context)
        for each in filters:
            value = each.apply(value, context)
        return value

    return evaluate


def _filter(parser: Parser, find: Callable[[str, int], Filter | None]) -> Application | None:
    scanner = parser.scanner
    scanner.skip_blank()
    if scanner.done() or scanner.peek() in {")", ","}:
        return None
    piped = scanner.peek() == "|"
    scanner.at += 1
    scanner.check(piped, 'expected "|" before filter')
    name = scanner.identifier()
    if not name:
        scanner.check(scanner.done(), "expected filter name")
        return None
    arguments: list[Evaluate] = []
    scanner.skip_blank()
    if scanner.peek() == ":":
        _arguments(parser, arguments)
    elif scanner.peek() not in _AFTER_FILTER:
        raise scanner.error('expected ":" after filter name')
    return Application(find(name, len(arguments)), tuple(arguments))


def _arguments(parser: Parser, arguments: list[Evaluate]) -> None:
    scanner = parser.scanner
    while True:
        scanner.at += 1
        argument = _argument(parser)
        if argument is not None:
            arguments.append(argument)
        scanner.skip_blank()
        snapshot = scanner.snapshot()
        scanner.check(scanner.peek() in _AFTER_FILTER, f"unexpected character {snapshot}")
        if scanner.peek() != ",":
            return


def _argument(parser: Parser) -> Evaluate | None:
    scanner = parser.scanner
    scanner.skip_blank()
    begin = scanner.at
    value = parser.value()
    name = scanner.source[begin : scanner.at]
    scanner.skip_blank()
    if value is None or scanner.peek() != ":":
        return value
    scanner.at += 1
    given = parser.value()
    return lambda context: [from_units(name), UNDEFINED if given is None else given(context)]
