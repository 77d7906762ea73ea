"""Filters on texts. Other values are converted first; a list to its items without a separator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.values import as_number, check_size, checked_size, plain, printed
from segment_rehook.mapping.text import WHITESPACE, from_units, length, to_units
from segment_rehook.mapping.values import UNDEFINED, Value, truthy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

_BLANKS = re.compile(f"[{WHITESPACE}]+")
_LINE_END = re.compile("\r?\n")
_CJK = "\u4e00-\u9fff\uf900-\ufaff\u3400-\u4dbf\u3040-\u309f\u30a0-\u30ff\uac00-\ud7af"
_CJK_WORD = re.compile(f"[{_CJK}]")
_OTHER_WORD = re.compile(f"[^{_CJK}{WHITESPACE}]+")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_UNESCAPES = {escaped: plain_text for plain_text, escaped in _ESCAPES.items()}
_ESCAPED = re.compile("|".join(_UNESCAPES))
_BLOCKS = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">"))


def _on_text(change: Callable[[str], Value]) -> Filter:
    return lambda value, *_: change(printed(value))


def _joined(name: str, join: Callable[[str, str], str]) -> Filter:
    def apply(value: Value, *arguments: Value) -> str:
        if len(arguments) != 1:
            raise MappingError(f"{name} expect 2 arguments")
        return checked_size(from_units(join(printed(value), printed(arguments[0]))))

    return apply


def _stripped(side: str) -> Filter:
    strip: Callable[[str, str], str] = getattr(str, side)

    def apply(value: Value, characters: Value = UNDEFINED, *_: Value) -> str:
        chosen = _is_given(characters)
        wanted = printed(characters) if chosen else WHITESPACE
        # An empty text of characters removes nothing.
        return strip(printed(value), wanted) if wanted else printed(value)

    return apply


def _is_given(argument: Value) -> bool:
    return truthy(argument) if plain(argument) is argument else True


def _substituted(substitute: Callable[[str, str, str], str]) -> Filter:
    def apply(value: Value, sought: Value = "", instead: Value = "", *_: Value) -> str:
        units, pattern, replacement = (to_units(printed(each)) for each in (value, sought, instead))
        check_size((units.count(pattern) + 1) * len(replacement) + len(units))
        return from_units(substitute(units, pattern, replacement))

    return apply


def _removed(substitute: Callable[[str, str, str], str]) -> Filter:
    apply = _substituted(substitute)
    return lambda value, sought="", *_: apply(value, sought)


def _replace(units: str, pattern: str, replacement: str) -> str:
    return units.replace(pattern, replacement) if pattern else replacement.join(units)


def _replace_first(units: str, pattern: str, replacement: str) -> str:
    return units.replace(pattern, replacement, 1)


def _replace_last(units: str, pattern: str, replacement: str) -> str:
    before, found, after = units.rpartition(pattern) if pattern else (units, "", "")
    return f"{before}{replacement}{after}" if found or not pattern else units


def _split(value: Value, separator: Value = UNDEFINED, *_: Value) -> Value:
    units, between = to_units(printed(value)), to_units(printed(separator))
    pieces = units.split(between) if between else list(units)
    while pieces and not pieces[-1]:
        pieces.pop()
    return [from_units(piece) for piece in pieces]


def _capitalize(text: str) -> str:
    units = to_units(text)
    return from_units(units[:1].upper() + from_units(units[1:]).lower())


def _truncate(value: Value, size: Value = UNDEFINED, end: Value = UNDEFINED, *_: Value) -> Value:
    text = printed(value)
    ellipsis = "..." if end is UNDEFINED else printed(end)
    longest = 50.0 if size is UNDEFINED else as_number(size)
    if not text or length(text) <= longest or len(text) < longest + 1:
        return value
    kept = max(longest - len(ellipsis), 0)
    return from_units(text[: _whole(kept)] + ellipsis)


def _whole(size: float) -> int:
    return int(-(-size // 1)) if size == size else 0  # noqa: PLR0124 — only NaN is not itself


def _truncate_words(
    value: Value, count: Value = UNDEFINED, end: Value = UNDEFINED, *_: Value
) -> str:
    ellipsis = "..." if end is UNDEFINED else printed(end)
    words = _BLANKS.split(printed(value).lstrip(WHITESPACE))
    most = 15.0 if count is UNDEFINED else as_number(count)
    if most <= 0:
        most = 1.0
    kept = words[: int(min(most, len(words)))] if most == most else []  # noqa: PLR0124 — NaN
    text = " ".join(kept)
    return checked_size(from_units(text + ellipsis)) if len(words) >= most else text


def _number_of_words(value: Value, mode: Value = UNDEFINED, *_: Value) -> int:
    text = printed(value).strip(WHITESPACE)
    if not text:
        return 0
    characters = len(_CJK_WORD.findall(text))
    if mode == "cjk" or (mode == "auto" and characters):
        return characters + len(_OTHER_WORD.findall(text))
    return len(_BLANKS.split(text))


def _escape(text: str) -> str:
    return checked_size("".join(_ESCAPES.get(character, character) for character in text))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _UNESCAPES[found[0]], text)


def _strip_html(text: str) -> str:
    kept: list[str] = []
    closers = dict(_BLOCKS)
    at = 0
    while (start := text.find("<", at)) >= 0:
        kept.append(text[at:start])
        at = start
        for opener, closer in list(closers.items()):
            if not text.startswith(opener, start):
                continue
            end = text.find(closer, start + len(opener))
            if end >= 0:
                at = end + len(closer)
                break
            # No later tag has this closer either, so it is not searched for again.
            del closers[opener]
        if at <= start:
            break
    return from_units("".join([*kept, text[at:]]))


TEXT_FILTERS: Mapping[str, Filter] = {
    "append": _joined("append", lambda text, other: text + other),
    "capitalize": _on_text(_capitalize),
    "downcase": _on_text(str.lower),
    "escape": _on_text(_escape),
    "escape_once": _on_text(lambda text: _escape(_unescape(text))),
    "lstrip": _stripped("lstrip"),
    "normalize_whitespace": _on_text(lambda text: _BLANKS.sub(" ", text)),
    "number_of_words": _number_of_words,
    "prepend": _joined("prepend", lambda text, other: other + text),
    "remove": _removed(lambda units, pattern, _: units.replace(pattern, "") if pattern else units),
    "remove_first": _removed(_replace_first),
    "remove_last": _removed(_replace_last),
    "replace": _substituted(_replace),
    "replace_first": _substituted(_replace_first),
    "replace_last": _substituted(_replace_last),
    "rstrip": _stripped("rstrip"),
    "split": _split,
    "squish": _on_text(lambda text: _BLANKS.sub(" ", text).strip(WHITESPACE)),
    "strip": _stripped("strip"),
    "strip_html": _on_text(_strip_html),
    "strip_newlines": _on_text(lambda text: _LINE_END.sub("", text)),
    "truncate": _truncate,
    "truncatewords": _truncate_words,
    "upcase": _on_text(lambda text: checked_size(text.upper())),
    "xml_escape": _on_text(_escape),
}
