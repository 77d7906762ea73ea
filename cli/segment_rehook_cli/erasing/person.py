"""A person whose data is to be erased: by which ids, and which messages are the person's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery import ids
from segment_rehook.segment.jsontext import JsonError, decode
from segment_rehook.segment.numbers import number_text
from segment_rehook_cli.failures.entry import letter_of

if TYPE_CHECKING:
    from segment_rehook.delivery.queues.message import Letter
    from segment_rehook_cli.failures.message import FailedMessage

__all__ = ["Person"]

_OWN_MEMBERS: Final = ("userId", "anonymousId")


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `ids`: each id under which Segment or Rehook knows the person, as text.

    Rehook's `source_id` is the userId, unless a mapping takes another value for it.
    """

    ids: Sequence[str] = field(repr=False)

    @property
    def users(self) -> list[str]:
        """The person's names in groups, marks and message attributes: hashes of the ids."""
        return [ids.user_hash(each) for each in self.ids]

    def owns(self, failed: FailedMessage) -> bool:
        """Whether a message is the person's.

        It is if its user is the person, if Rehook would get one of the ids as `source_id`, or if
        the event has one as `userId` or `anonymousId`. The bridge has written it.
        """
        if failed.header is None:
            return False
        if failed.header.user in self.users:
            return True
        letter = letter_of(failed)
        return letter is not None and any(self._is(each) for each in _own_ids(letter))

    def is_named_in(self, failed: FailedMessage) -> bool:
        """Whether one of the ids is a value anywhere in a message's event or request."""
        letter = letter_of(failed)
        if letter is None:
            return any(each in failed.message.body for each in self.ids)
        texts = [letter.event, *([letter.request.body] if letter.request else [])]
        return any(self._is(each) for text in texts for each in _scalars(_read(text)))

    def masked(self, text: str) -> str:
        """Return a text for a person to read without the ids, where they stand as whole words."""
        for each in self.ids:
            text = re.sub(rf"(?<![^\W_]){re.escape(each)}(?![^\W_])", "(the user's id)", text)
        return text

    def _is(self, value: Any) -> bool:
        return _text(value) in self.ids


def _own_ids(letter: Letter) -> Iterator[Any]:
    event = _read(letter.event)
    if isinstance(event, dict):
        yield from (event[name] for name in _OWN_MEMBERS if name in event)
    request = _read(letter.request.body) if letter.request else None
    if isinstance(request, dict):
        yield request.get("source_id")


def _read(text: bytes) -> Any:
    try:
        return decode(text)
    except JsonError:
        return None


def _scalars(value: Any) -> Iterator[Any]:
    """Give all values in JSON that are neither an object nor an array."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            pending += each.values()
        elif isinstance(each, list):
            pending += each
        else:
            yield each


def _text(value: Any) -> str | None:
    """Give a value as the text that a mapping makes of it; None for what is no id."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return None
