"""One event as Segment sent it: its raw text, and those of its members that somebody asks for.

`context` is most of an event and hardly ever read, so a member is decoded when it is asked for,
and `properties` or `traits` that go on unchanged go on as the bytes that came.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from segment_rehook.segment.jsontext import (
    JSON,
    MAX_DEPTH,
    JsonError,
    decode,
    decode_slowly,
    has_long_number,
    is_too_deep,
    number_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection

UnreadableReason: TypeAlias = Literal["not_json", "not_an_object", "too_deep"]

MESSAGE_ID_CHARACTERS: Final = 100
"""Segment's own limit on a messageId (segment-docs, "Common fields")."""

_STANDS_FOR: Final = "sha256:"

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


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

    __slots__ = ("_decoded", "_slices", "raw")

    def __init__(
        self, raw: bytes, slices: dict[str, msgspec.Raw], decoded: dict[str, JSON]
    ) -> None:
        self.raw: Final = raw
        self._slices = slices
        self._decoded = decoded

    @classmethod
    def parse(cls, raw: bytes) -> Event:
        """Take one JSON text for an event. Raises UnreadableEvent."""
        if is_too_deep(raw):
            if raw.lstrip(b" \t\n\r")[:1] != b"{":
                raise UnreadableEvent("not_an_object", f"an event is an object, not {_kind([])}")
            raise UnreadableEvent("too_deep", f"nested deeper than {MAX_DEPTH} levels")
        try:
            raw.decode()  # msgspec looks only at the strings that it decodes
            return cls(raw, _members.decode(raw), {})
        except ValueError:
            pass  # no object, or one with a lone surrogate, or no JSON: the next reader decides
        try:
            decoded = decode_slowly(raw)
        except JsonError as error:
            raise UnreadableEvent("not_json", str(error)) from None
        if not isinstance(decoded, dict):
            raise UnreadableEvent("not_an_object", f"an event is an object, not {_kind(decoded)}")
        return cls(raw, {}, decoded)

    def member(self, name: str, default: JSON = None) -> JSON:
        """Give a top-level member's value, `default` where there is none."""
        if name in self._decoded:
            return self._decoded[name]
        if name not in self._slices:
            return default
        value = decode(bytes(self._slices[name]))
        self._decoded[name] = value
        return value

    def members(self, names: Collection[str] | None = None) -> dict[str, JSON]:
        """Give those of `names` (None: of all) that are present, in the event's order."""
        present = self._slices or self._decoded
        return {name: self.member(name) for name in present if names is None or name in names}

    def passable(self, name: str) -> bytes | None:
        """Give a member's raw text if it may be sent on as it is, else None.

        It may if it is an object in valid UTF-8 that every parser reads alike: no duplicate keys
        at any depth, no number beyond a double, no lone surrogate; and none that Segment's engine
        would lose (`__proto__`). What is None here is sent decoded and encoded anew.
        """
        if name not in self._slices:
            return None
        text = bytes(self._slices[name])
        if text[:1] != b"{" or has_long_number(text):
            return None
        try:
            decode_slowly(text, pairs=_plain_members, real=_within_a_double)
        except _UnfitError:
            return None
        return text

    @property
    def type(self) -> str | None:
        """Segment's call: `identify`, `track`, … as sent; None if it is missing or no text."""
        value = self.member("type")
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
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
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
        return "type" not in self._slices and "type" not in self._decoded


class _UnfitError(Exception):
    """The text holds something that parsers read differently."""


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
