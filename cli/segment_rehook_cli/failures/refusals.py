"""What SQS refused to do: for each call and error, how many messages are concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

__all__ = ["Refusals"]


class Refusals:
    """Counts of messages by call and error. It is false while there is none."""

    def __init__(self) -> None:
        self._messages: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, call: str, why: str, consequence: str = "", messages: int = 1) -> None:
        """Add a refusal of `call`. `consequence` says what became of the messages, if any."""
        text = f"{call}: {why}"
        if consequence:
            text += f" – {consequence}"
        self._messages[text] += messages

    def lines(self) -> Iterator[str]:
        """Return one line for each call and error, with the number of messages if there are any."""
        for text, messages in self._messages.items():
            yield f"{text}: {messages}" if messages else text
