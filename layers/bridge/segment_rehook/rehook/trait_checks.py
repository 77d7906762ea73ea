"""Checks of a trait's value before it becomes a reserved property.

Programs read reserved properties (a language selects a template, an address
receives mail), so a value of the wrong form is worse than none.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TRAIT_CHECKS"]

_LANGUAGES: Final = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy
hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg
li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or
os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_ISO_639_1: Final = frozenset(_LANGUAGES.split())
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

TRAIT_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "iso-639-1": _ISO_639_1.__contains__,
        "email": lambda text: _EMAIL.fullmatch(text) is not None,
        "e164": lambda text: _E164.fullmatch(text) is not None,
    }
)
"""By name: a two-letter language code in lower case (ISO 639-1), a text in the form of an email
address, a phone number in international form (ITU-T E.164, `+` and 7 to 15 digits)."""
