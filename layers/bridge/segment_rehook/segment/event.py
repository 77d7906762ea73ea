"""One event as Segment sent it: its raw text, and the members that are asked for.

Most of an event is `context`, which few mappings read. So one pass over the text finds only the
members that plans read, objects are decoded when they are asked for, and `properties` or `traits`
that are sent unchanged are sent as the bytes that came.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

import msgspec

from segment_rehook.segment.jsontext import (
    JSON,
    MAX_DEPTH,
    JsonError,
    decode_shallow,
    decode_slowly,
    has_long_number,
    is_canonical,
    is_too_deep,
    number_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

UnreadableReason: TypeAlias = Literal["not_json", "not_an_object", "too_deep"]

MESSAGE_ID_CHARACTERS: Final = 100
"""Segment's own limit on a messageId (segment-docs, "Common fields")."""

_STANDS_FOR: Final = "sha256:"


class _Texts(TypedDict, total=False):
    type: str | None
    event: str | None
    userId: str | None
    messageId: str | None
    timestamp: str | None


class _Usual(_Texts, total=False):
    """The members that plans read, of the types that they usually have."""

    properties: msgspec.Raw
    traits: msgspec.Raw
    context: msgspec.Raw
    integrations: msgspec.Raw


_TEXTS: Final = frozenset(_Texts.__annotations__)
_USUAL: Final = frozenset(_Usual.__annotations__)

_read_usual: Final = msgspec.json.Decoder(_Usual).decode
_read_all: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class UnreadableEvent(Exception):
    """An element that is no event. It is dropped with its reason; its neighbours are not touched.

    `detail` says what is wrong in a sentence, without any of the content.
    """

    def __init__(self, reason: UnreadableReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: UnreadableReason = reason
        self.detail = detail


class Event:
    """A JSON object of at most MAX_DEPTH levels; which members it has is not looked into.

    What the methods give is decoded once and shared: readers leave it as it is.
    """

    __slots__ = ("_decoded", "_read", "_whole", "raw")

    def __init__(self, raw: bytes, read: Mapping[str, JSON | msgspec.Raw], *, whole: bool) -> None:
        self.raw: Final = raw
        self._read = read
        self._whole = whole
        self._decoded: dict[str, JSON] = {}

    @classmethod
    def parse(cls, raw: bytes) -> Event:
        """Take one JSON text for an event. Raises UnreadableEvent."""
        if is_too_deep(raw):
            if raw.lstrip(b" \t\n\r")[:1] != b"{":
                raise UnreadableEvent("not_an_object", f"an event is an object, not {_kind([])}")
            raise UnreadableEvent("too_deep", f"nested deeper than {MAX_DEPTH} levels")
        try:
            raw.decode()  # msgspec looks only at the strings that it decodes
            return cls._of(raw)
        except ValueError:
            pass  # no object, or one with a lone surrogate, or no JSON: the next reader decides
        try:
            decoded = decode_slowly(raw)
        except JsonError as error:
            raise UnreadableEvent("not_json", str(error)) from None
        if not isinstance(decoded, dict):
            raise UnreadableEvent("not_an_object", f"an event is an object, not {_kind(decoded)}")
        return cls(raw, decoded, whole=True)

    @classmethod
    def _of(cls, raw: bytes) -> Event:
        try:
            usual: Mapping[str, Any] = _read_usual(raw)
        except ValueError:  # a type that is a number, for example
            return cls(raw, _read_all(raw), whole=True)
        return cls(raw, usual, whole=False)

    def member(self, name: str, default: JSON = None) -> JSON:
        """Give a top-level member's value, `default` where there is none."""
        found = self._read.get(name)
        if isinstance(found, str):
            return found
        if found is None and name not in _USUAL:
            self._read_whole()
            found = self._read.get(name)
        if found is None:
            return None if name in self._read else default
        if not isinstance(found, msgspec.Raw):
            return found
        if name not in self._decoded:
            self._decoded[name] = decode_shallow(bytes(found))
        return self._decoded[name]

    def members(self, names: Collection[str] | None = None) -> dict[str, JSON]:
        """Give those of `names` (None: of all) that are present, in the event's order."""
        if names is None or not _USUAL.issuperset(names):
            self._read_whole()
        return {
            name: found if isinstance(found, str) else self.member(name)
            for name, found in self._read.items()
            if names is None or name in names
        }

    def payload(self, reads: frozenset[str] | None) -> Mapping[str, object]:
        """Give the members that a mapping or a trigger `reads` (None: all), and perhaps others.

        It spares what `members` costs. The others may be text that was not decoded.
        """
        if reads is None or self._whole or not reads <= _TEXTS:
            return self.members(reads)
        return self._read

    def passable(self, name: str) -> bytes | None:
        """Give a member's raw text if it may be sent as it is, else None.

        It may if it is an object in valid UTF-8 that every parser reads alike: no duplicate keys
        at any depth, no number beyond a double, no lone surrogate; and none that Segment's engine
        would lose (`__proto__`). What is None here is sent decoded and encoded anew.
        """
        if name not in _USUAL:
            self._read_whole()
        found = self._read.get(name)
        if not isinstance(found, msgspec.Raw):
            return None
        text = bytes(found)
        if text[:1] != b"{" or has_long_number(text):
            return None
        # `find` takes a third of the time of `in`.
        canonical = text.find(b"__proto__") < 0 and is_canonical(text, self.member(name))
        return text if canonical or _is_plain(text) else None

    def _read_whole(self) -> None:
        if not self._whole:
            self._read, self._whole = _read_all(self.raw), True

    @property
    def type(self) -> str | None:
        """Segment's call: `identify`, `track`, … as sent; None if it is missing or no text."""
        value = self.member("type")
        return value if isinstance(value, str) else None

    @property
    def name(self) -> str | None:
        """A track event's name, the member `event`; None if it is missing or no text."""
        value = self.member("event")
        return value if isinstance(value, str) else None

    @property
    def message_id(self) -> str | None:
        """The messageId, 1 to 100 printable characters; None if it is missing or empty.

        A number counts as its text. A text that is longer, or holds what log lines, queues and
        tables do not take (control characters, lone surrogates), is stood for by `sha256:` and
        its hash, so that it still tells the event from others. So is one that begins like that,
        lest a sender could name what stands for another's.
        """
        value = self.member("messageId")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            value = number_text(value)
        if not isinstance(value, str) or not value:
            return None
        plain = len(value) <= MESSAGE_ID_CHARACTERS and value.isprintable()
        if plain and not value.startswith(_STANDS_FOR):
            return value
        return _STANDS_FOR + hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()

    @property
    def looks_mapped(self) -> bool:
        """Whether this has no `type`: the destination's Data field is mapped to part of the event.

        Such an object matches no subscription that asks for a type; the answer can say why.
        """
        return "type" not in self._read


class _UnfitError(Exception):
    """The text holds something that parsers read differently."""


def _is_plain(text: bytes) -> bool:
    try:
        decode_slowly(text, pairs=_plain_members, real=_within_a_double)
    except _UnfitError:
        return False
    return True


def _plain_members(pairs: list[tuple[str, JSON]]) -> JSON:
    members = dict(pairs)
    if len(members) != len(pairs) or "__proto__" in members:
        raise _UnfitError
    return members


def _within_a_double(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _UnfitError
    return number


def _kind(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "a number"
