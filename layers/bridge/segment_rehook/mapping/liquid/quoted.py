"""Quoted texts of a template: JavaScript's escapes, octal ones included."""

from __future__ import annotations

from segment_rehook.mapping.liquid.scanner import Fault

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX = frozenset("0123456789abcdefABCDEF")
_OCTAL = frozenset("01234567")


def unquoted(quoted: str) -> str:
    """Give what a quoted text stands for, in UTF-16 units.

    Without its closing quote it loses its last unit. Raises Fault for a hexadecimal escape that
    runs over the end.
    """
    units: list[str] = []
    at = 1
    while at < len(quoted) - 1:
        unit = quoted[at]
        at += 1
        if unit != "\\":
            units.append(unit)
            continue
        escaped = quoted[at]
        if escaped in _ESCAPES:
            units.append(_ESCAPES[escaped])
            at += 1
        elif escaped == "u":
            code, at = _code(quoted, at + 1, at + 5, _HEX, 16)
            units.append(code)
        elif escaped in _OCTAL:
            code, at = _code(quoted, at, at + 3, _OCTAL, 8)
            units.append(code)
        else:
            units.append(escaped)
            at += 1
    return "".join(units)


def _code(quoted: str, begin: int, end: int, digits: frozenset[str], base: int) -> tuple[str, int]:
    at = begin
    while at < end and quoted[at : at + 1] in digits:
        at += 1
    if at < end and at >= len(quoted) and digits is _HEX:
        raise Fault("Cannot read properties of undefined (reading 'charCodeAt')")
    return chr(int(quoted[begin:at] or "0", base) & 0xFFFF), at
