"""What can be wrong with a trigger or a mapping, and what says so.

    LanguageError (ValueError)
    ├── TriggerInvalid    a trigger does not parse: at Segment it matches nothing
    ├── MappingInvalid    a mapping is refused when it is compiled, with every mistake named
    └── MappingError      a trigger or a mapping threw on one event; the text is the engine's own

The first two are found when a destination is loaded, the third belongs to one event alone.
"""

from __future__ import annotations

from dataclasses import dataclass

STACK_EXHAUSTED = "Maximum call stack size exceeded"
"""What JavaScript says of nesting too deep to follow."""


class LanguageError(ValueError):
    """A text of Segment's mapping language can't be used."""


class TriggerInvalid(LanguageError):
    """A trigger does not parse."""


class MappingError(LanguageError):
    """A directive threw on this event: parked, and nobody else's fault."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that Segment's validation refuses.

    `path` is the place inside the mapping, `metadata.@if.exists`; empty for the mapping itself.
    `message` has no full stop and names no place. `text` is the engine's own sentence.
    """

    path: str
    message: str
    text: str

    @classmethod
    def at(cls, stack: tuple[str, ...], message: str, known_as: tuple[str, ...]) -> Mistake:
        """Name a mistake found at `stack`, where the engine's own sentence says `known_as`."""
        return cls(".".join(stack), message, f"/{'/'.join(known_as)} {message}.")


class MappingInvalid(LanguageError):
    """A mapping is refused; `mistakes` has at least one entry."""

    def __init__(self, mistakes: list[Mistake], *, grouped: bool) -> None:
        # The engine throws a lone mistake as it is and wraps what it collects.
        lines = [f"\n    ValidationError: {mistake.text}" for mistake in mistakes]
        super().__init__("".join(lines) if grouped else mistakes[0].text)
        self.mistakes = mistakes
        self.grouped = grouped
