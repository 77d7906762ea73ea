"""CloudWatch's metric math, as far as the template uses it, on series of equal length.

A series has a value or None (missing) for each period. Source of the rules: CloudWatch user guide,
"Using metric math". Operators take a missing value for 0; a period in which everything is missing
stays missing. What is divided by 0 is missing.
"""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Series = list[float | None]
Array = tuple[Series, ...]
Value = float | Series | Array

_OPERATORS: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_EACH: Final[dict[str, Callable[[float], float]]] = {"ABS": abs, "CEIL": math.ceil}
_ACROSS: Final[dict[str, Callable[[Sequence[float]], float]]] = {"MAX": max, "MIN": min, "SUM": sum}


class UnknownMath(ValueError):
    """The expression uses what is not known here. The text names it."""


def evaluate(expression: str, series: Mapping[str, Series]) -> Series:
    """Give the series that an expression makes of others, which it names by their ids."""
    return _series(ast.parse(expression.strip(), mode="eval").body, series)


def names(expression: str) -> set[str]:
    """The ids of metrics and expressions that an expression names."""
    walked = ast.walk(ast.parse(expression.strip(), mode="eval"))
    return {node.id for node in walked if isinstance(node, ast.Name) and node.id.islower()}


def _value(node: ast.expr, series: Mapping[str, Series]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.List(elts=parts):
            return tuple(_series(part, series) for part in parts)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _combined(_OPERATORS[type(op)], _value(left, series), _value(right, series))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _called(function, arguments, series)
    raise UnknownMath(ast.unparse(node))


def _called(function: str, arguments: list[ast.expr], series: Mapping[str, Series]) -> Series:
    match function, _value(arguments[0], series):
        case ("FILL", list(given)):
            return _filled(given, arguments[1])
        case ("DIFF", list(given)):
            return _difference(given)
        case (str(name), list(given)) if name in _EACH:
            return [None if value is None else float(_EACH[name](value)) for value in given]
        case (str(name), tuple(array)) if name in _ACROSS:
            return _across(_ACROSS[name], array)
    raise UnknownMath(f"{function} of {ast.unparse(arguments[0])}")


def _series(node: ast.expr, series: Mapping[str, Series]) -> Series:
    found = _value(node, series)
    if isinstance(found, list):
        return found
    raise UnknownMath(f"not a single series: {ast.unparse(node)}")


def _combined(operate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    match left, right:
        case float(), float():
            return operate(left, right)
        case list(), float():
            return [None if value is None else _operated(operate, value, right) for value in left]
        case float(), list():
            return [None if value is None else _operated(operate, left, value) for value in right]
        case list(), list():
            return [
                None if one is None and other is None else _operated(operate, one or 0, other or 0)
                for one, other in zip(left, right, strict=True)
            ]
    raise UnknownMath("an operator between arrays")


def _operated(operate: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        return operate(left, right)
    except ZeroDivisionError:
        return None


def _across(choose: Callable[[Sequence[float]], float], array: Array) -> Series:
    columns = [
        [value for value in column if value is not None] for column in zip(*array, strict=True)
    ]
    return [float(choose(column)) if column else None for column in columns]


def _filled(given: Series, filler: ast.expr) -> Series:
    match filler:
        case ast.Name(id="REPEAT"):
            filled: Series = []
            for value in given:
                filled.append(filled[-1] if value is None and filled else value)
            return filled
        case ast.Constant(value=int() | float() as number):
            return [float(number) if value is None else value for value in given]
    raise UnknownMath(f"FILL with {ast.unparse(filler)}")


def _difference(given: Series) -> Series:
    found: Series = []
    before: float | None = None
    for value in given:
        found.append(None if value is None or before is None else value - before)
        before = before if value is None else value
    return found
