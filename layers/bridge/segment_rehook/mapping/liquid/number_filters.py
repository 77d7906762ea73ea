"""Filters that calculate in doubles, as JavaScript does. What is not a number counts as 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from segment_rehook.mapping.liquid.values import as_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter
    from segment_rehook.mapping.values import Value

_MAX_EXACT = 2.0**53 - 1


def number(value: Value) -> float:
    """Convert a value to a number; NaN and -0 become 0."""
    converted = as_number(value)
    return 0.0 if math.isnan(converted) or not converted else converted


def _numeric(calculate: Callable[..., float]) -> Filter:
    # With a missing argument the result is NaN.
    def apply(*values: Value) -> float:
        return calculate(*(number(value) for value in values))

    return apply


def divided(dividend: float, divisor: float) -> float:
    """Divide as JavaScript does; a division by zero gives an infinity or NaN."""
    if divisor:
        return dividend / divisor
    if not dividend or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def _remainder(dividend: float, divisor: float) -> float:
    if math.isinf(dividend) or not divisor:
        return math.nan
    return math.fmod(dividend, divisor)


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    return float(towards(value)) if math.isfinite(value) else value


def _divided_by(value: float, divisor: float = math.nan, whole: float = 0) -> float:
    quotient = divided(value, divisor)
    return _rounded(quotient, math.floor) if whole else quotient


def _modulo(value: float, divisor: float = math.nan) -> float:
    if math.isnan(divisor):
        return math.nan
    return _remainder(_remainder(value, divisor) + divisor, divisor)


def _shifted(value: float, places: float) -> float:
    """Move the decimal point. NaN for an infinite value and for places that are no whole number."""
    if not math.isfinite(value) or not places.is_integer():
        return math.nan
    mantissa, _, power = repr(value).partition("e")
    return float(f"{mantissa}e{int(power or 0) + int(places)}")


def _round(value: Value, places: Value = 0) -> float:
    exact, shift = number(value), number(places)
    scaled = _shifted(abs(exact), shift)
    if not scaled <= _MAX_EXACT:
        return exact
    # A half rounds up. Adding 0.5 before the floor would round 0.49999999999999994 up too.
    whole = math.floor(scaled)
    rounded = _shifted(whole + (scaled - whole >= 0.5), -shift)  # noqa: PLR2004 — a half
    return -rounded if exact < 0 else rounded


NUMBER_FILTERS: Mapping[str, Filter] = {
    "abs": _numeric(lambda value, *_: abs(value)),
    "at_least": _numeric(lambda *values: max(values)),
    "at_most": _numeric(lambda *values: min(values)),
    "ceil": _numeric(lambda value, *_: _rounded(value, math.ceil)),
    "divided_by": _numeric(lambda *values: _divided_by(*values[:3])),
    "floor": _numeric(lambda value, *_: _rounded(value, math.floor)),
    "minus": _numeric(lambda value, other=math.nan, *_: value - other),
    "modulo": _numeric(lambda *values: _modulo(*values[:2])),
    "plus": _numeric(lambda value, other=math.nan, *_: value + other),
    "round": lambda value, places=0, *_: _round(value, places),
    "times": _numeric(lambda value, other=math.nan, *_: value * other),
}
