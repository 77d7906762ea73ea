"""Values with filters: `{{ name | default: "you" | upcase }}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.liquid.scanner import END
from segment_rehook.mapping.text import from_units
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.mapping.liquid.context import Context
    from segment_rehook.mapping.liquid.expressions import Evaluate, Expressions
    from segment_rehook.mapping.values import Value

Filter: TypeAlias = "Callable[..., Value]"
"""Called with the value and then the arguments. A named argument is a list of name and value."""

_AFTER_FILTER = frozenset([END, ",", "|", ")"])


@dataclass(frozen=True, slots=True)
class Application:
    """A filter with its arguments. If `function` is None, the value stays as it is."""

    function: Filter | None
    arguments: tuple[Evaluate, ...]

    def apply(self, value: Value, context: Context) -> Value:
        """Apply the filter. The arguments are evaluated even if there is no function."""
        given = [argument(context) for argument in self.arguments]
        return value if self.function is None else self.function(value, *given)


def filtered_value(reader: Expressions, find: Callable[[str, int], Filter | None]) -> Evaluate:
    """Compile an expression and its filters. Raises TemplateError.

    `find` returns a filter's function, given its name and the number of its arguments.
    """
    initial = reader.expression()
    filters: list[Application] = []
    while (found := _filter(reader, find)) is not None:
        filters.append(found)
    if not filters:
        return initial

    def evaluate(context: Context) -> Value:
        value = initial(context)
        for each in filters:
            value = each.apply(value, context)
        return value

    return evaluate


def _filter(reader: Expressions, find: Callable[[str, int], Filter | None]) -> Application | None:
    reader.skip_blank()
    if reader.done() or reader.peek() in {")", ","}:
        return None
    piped = reader.peek() == "|"
    reader.at += 1
    reader.check(piped, 'expected "|" before filter')
    name = reader.word()
    if not name:
        reader.check(reader.done(), "expected filter name")
        return None
    arguments: list[Evaluate] = []
    reader.skip_blank()
    if reader.peek() == ":":
        _arguments(reader, arguments)
    elif reader.peek() not in _AFTER_FILTER:
        raise reader.error('expected ":" after filter name')
    return Application(find(name, len(arguments)), tuple(arguments))


def _arguments(reader: Expressions, arguments: list[Evaluate]) -> None:
    while True:
        reader.at += 1
        argument = _argument(reader)
        if argument is not None:
            arguments.append(argument)
        reader.skip_blank()
        complaint = f"unexpected character {reader.snapshot()}"
        reader.check(reader.peek() in _AFTER_FILTER, complaint)
        if reader.peek() != ",":
            return


def _argument(reader: Expressions) -> Evaluate | None:
    reader.skip_blank()
    begin = reader.at
    value = reader.operand()
    name = from_units(reader.source[begin : reader.at])
    reader.skip_blank()
    if value is None or reader.peek() != ":":
        return value
    reader.at += 1
    given = reader.operand()
    return lambda context: [name, UNDEFINED if given is None else given(context)]
