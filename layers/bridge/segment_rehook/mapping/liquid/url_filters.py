"""Filters for URLs: JavaScript's percent-encoding, and slugs."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.values import checked_size, printed
from segment_rehook.mapping.text import WHITESPACE
from segment_rehook.mapping.values import UNDEFINED, Value, to_text, truthy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

_COMPONENT = "-_.!~*'()"
_WHOLE = _COMPONENT + ";,/?:@&=+$#"
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_BLANKS = re.compile(f"[{WHITESPACE}]+")
_NOT_ASCII_WORD = re.compile("[^A-Za-z0-9]+")
_PRETTY = frozenset("._~!$&'()+,;=@")
_LATIN = {
    **dict.fromkeys("àáâãäå", "a"),
    **dict.fromkeys("èéêë", "e"),
    **dict.fromkeys("ìíîï", "i"),
    **dict.fromkeys("òóôõöø", "o"),
    **dict.fromkeys("ùúûü", "u"),
    **dict.fromkeys("ýÿ", "y"),
    "æ": "ae",
    "ç": "c",
    "ð": "d",
    "ñ": "n",
    "ß": "ss",
    "œ": "oe",
    "þ": "th",
    "ẞ": "SS",
    "Œ": "OE",
    "Þ": "TH",
}


def _encoded(text: str, safe: str) -> str:
    try:
        return checked_size(quote(text, safe=safe))
    except UnicodeEncodeError:
        raise MappingError("URI malformed") from None


def _url_decode(value: Value, *_: Value) -> str:
    text = printed(value).replace("+", " ")
    if _BAD_ESCAPE.search(text):
        raise MappingError("URI malformed")
    try:
        # Only the escaped bytes must be UTF-8; lone surrogates beside them stay as they are.
        pieces = re.split("((?:%[0-9A-Fa-f]{2})+)", text)
        pieces[1::2] = [unquote_to_bytes(piece).decode() for piece in pieces[1::2]]
    except UnicodeDecodeError:
        raise MappingError("URI malformed") from None
    return "".join(pieces)


def _url_encode(value: Value, *_: Value) -> str:
    return _encoded(printed(value), _COMPONENT).replace("%20", "+")


def _cgi_escape(value: Value, *_: Value) -> str:
    return _encoded(printed(value), "-_.~").replace("%20", "+")


def _uri_escape(value: Value, *_: Value) -> str:
    return _encoded(printed(value), _WHOLE + "[]")


def _is_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "ML" or category == "Nd"


def _dashed(text: str, *, also: frozenset[str] = frozenset()) -> str:
    kept = [char if _is_word(char) or char in also else " " for char in text]
    return re.sub(" +", "-", "".join(kept))


_SLUGS: Mapping[str, Callable[[str], str]] = {
    "ascii": lambda text: _NOT_ASCII_WORD.sub("-", text),
    "default": _dashed,
    "latin": _dashed,
    "pretty": lambda text: _dashed(text, also=_PRETTY),
    "raw": lambda text: _BLANKS.sub("-", text),
}


def _slugify(value: Value, mode: Value = UNDEFINED, cased: Value = UNDEFINED, *_: Value) -> str:
    text = printed(value)
    if mode == "latin":
        text = "".join(_LATIN.get(character, character) for character in text)
    replace = _SLUGS.get("default" if mode is UNDEFINED else to_text(mode))
    if replace is None:
        return text if truthy(cased) else text.lower()
    slug = replace(text)
    slug = slug.removeprefix("-").removesuffix("-")
    return slug if truthy(cased) else slug.lower()


URL_FILTERS: Mapping[str, Filter] = {
    "cgi_escape": _cgi_escape,
    "slugify": _slugify,
    "uri_escape": _uri_escape,
    "url_decode": _url_decode,
    "url_encode": _url_encode,
}
