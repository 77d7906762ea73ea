"""One event as Segment sent it: its raw text, and its members, decoded when they are read.

Most of an event is `context`, which few mappings read. So one pass over the text finds only the
usual members, objects are decoded when they are read, and unchanged `properties` or `traits` are
sent as the bytes that came.
"""

from __future__ import annotations

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
)
from segment_rehook.segment.message_id import message_id_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

UnreadableReason: TypeAlias = Literal["not_json", "not_an_object", "too_deep"]

_UNREAD: Final = "unread"
"""Stands for a messageId that is not read so far; compared by identity."""


class _Texts(TypedDict, total=False):
    type: str | None
    event: str | None
    userId: str | None
    messageId: str | None
    timestamp: str | None
    receivedAt: str | None


class _Usual(_Texts, total=False):
    """The members that plans usually read, with the types that they usually have."""

    properties: msgspec.Raw
    traits: msgspec.Raw
    context: msgspec.Raw
    integrations: msgspec.Raw


_TEXTS: Final = frozenset(_Texts.__annotations__)
_USUAL: Final = frozenset(_Usual.__annotations__)

_read_usual: Final = msgspec.json.Decoder(_Usual).decode
_read_all: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class UnreadableEvent(Exception):
    """An element that is no event. It is dropped with its reason; other elements are not affected.

    `detail` says what is wrong in a sentence, without any of the content.
    """

    def __init__(self, reason: UnreadableReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: UnreadableReason = reason
        self.detail = detail


class Event:
    """A JSON object of at most MAX_DEPTH levels, with any members.

    Values are decoded once and shared: do not change them.
    """

    __slots__ = ("_decoded", "_message_id", "_read", "_whole", "raw")

    def __init__(self, raw: bytes, read: Mapping[str, JSON | msgspec.Raw], *, whole: bool) -> None:
        self.raw: Final = raw
        self._read = read
        self._whole = whole
        self._decoded: dict[str, JSON] = {}
        self._message_id: str | None = _UNREAD

    @classmethod
    def parse(cls, raw: bytes) -> Event:
        """Read one JSON text as an event. Raises UnreadableEvent."""
        if is_too_deep(raw):
            if raw.lstrip(b" \t\n\r")[:1] != b"{":
                raise UnreadableEvent("not_an_object", f"an event is an object, not {_kind([])}")
            raise UnreadableEvent("too_deep", f"nested deeper than {MAX_DEPTH} levels")
        try:
            raw.decode()  # msgspec checks the UTF-8 only of strings that it decodes
            return cls._of(raw)
        except ValueError:
            pass  # no object, a lone surrogate, or no JSON: the slow reader tells
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
        except ValueError:  # a member has another type than usual
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

        Faster than `members`, because the others are given as they are, perhaps undecoded.
        """
        if reads is None or self._whole or not reads <= _TEXTS:
            return self.members(reads)
        return self._read

    def passable(self, name: str) -> bytes | None:
        """Give a member's raw text if it may be sent unchanged, else None.

        It may if it is an object in valid UTF-8 that every parser reads alike, at every depth: no
        duplicate keys, no number beyond a double, no lone surrogate, and no key that Segment's
        engine loses (`__proto__`). Any other member is decoded and encoded again.
        """
        if name not in _USUAL:
            self._read_whole()
        found = self._read.get(name)
        if not isinstance(found, msgspec.Raw):
            return None
        text = bytes(found)
        if text[:1] != b"{" or has_long_number(text):
            return None
        # `find` is three times as fast as `in`.
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
        """The messageId, 1 to 100 printable characters; None if it is missing or empty."""
        if self._message_id is _UNREAD:
            self._message_id = message_id_of(self.member("messageId"))
        return self._message_id

    @property
    def looks_mapped(self) -> bool:
        """Whether there is no `type`: Segment's Data field may be mapped to part of the event.

        Such an object matches no subscription that needs a type; the answer explains that.
        """
        return "type" not in self._read


class _UnfitError(Exception):
    """The text holds something that parsers read in different ways."""


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
