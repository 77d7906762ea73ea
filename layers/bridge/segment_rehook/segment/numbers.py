"""A number's text, as JavaScript's `String(number)` prints it (ECMA-262, Number::toString)."""

from __future__ import annotations

import math

# JavaScript writes the numbers from 1e-6 to 1e21 without an exponent. These are their powers of ten
# when they are written as 0.digits:
_FIXED_FROM, _FIXED_TO = -5, 21


def number_text(number: float) -> str:
    """Write a number as JavaScript's `String(number)`: `25`, `1e+21`, `1e-7`, `0` for -0.0.

    An integer keeps all its digits.
    """
    if isinstance(number, int):
        return str(number)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    # repr gives the same digits as JavaScript, the shortest that read back the same.
    text = repr(number)
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, _, exponent = text.removeprefix("-").partition("e")
    digits = mantissa.replace(".", "")
    return ("-" if number < 0 else "") + _lay_out(digits, int(exponent) + 1)


def _lay_out(digits: str, point: int) -> str:
    """Place the decimal point after `point` digits (ECMA-262, Number::toString, radix 10)."""
    if len(digits) <= point <= _FIXED_TO:
        return digits.ljust(point, "0")
    if _FIXED_FROM <= point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"
