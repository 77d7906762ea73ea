"""What SQS did not do, by call and kind, and how many messages each kind concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

__all__ = ["Refusals"]


class Refusals:
    """A tally; it is false while nothing was refused."""

    def __init__(self) -> None:
        self._messages: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, call: str, why: str, consequence: str = "", messages: int = 1) -> None:
        """Note a refusal of `call`; `consequence` says what became of the messages."""
        text = f"{call}: {why}"
        if consequence:
            text += f" – {consequence}"
        self._messages[text] += messages

    def lines(self) -> Iterator[str]:
        """One line for each kind."""
        for text, messages in self._messages.items():
            yield f"{text}: {messages}" if messages else text
