"""The errors of triggers and mappings.

    LanguageError (ValueError)
    ├── TriggerInvalid    a trigger does not parse: at Segment it matches nothing
    ├── MappingInvalid    a mapping is refused when it is compiled, with every mistake named
    └── MappingError      a trigger or a mapping threw on one event; the text is the engine's own

The first two are raised when a destination is loaded, the third for one event.
"""

from __future__ import annotations

from dataclasses import dataclass

STACK_EXHAUSTED = "Maximum call stack size exceeded"
"""JavaScript's message for a value that is nested too deep."""


class LanguageError(ValueError):
    """A text of Segment's mapping language can't be used."""


class TriggerInvalid(LanguageError):
    """A trigger does not parse."""


class MappingError(LanguageError):
    """A directive threw on this event, which is then parked. Other events are not affected."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that Segment's validation refuses.

    `path` is the place inside the mapping, such as `metadata.@if.exists`; empty for the mapping
    itself. `message` has no full stop and names no place. `text` is the engine's own sentence.
    """

    path: str
    message: str
    text: str

    @classmethod
    def at(cls, stack: tuple[str, ...], message: str, known_as: tuple[str, ...]) -> Mistake:
        """Make a mistake found at `stack`; the engine's own sentence calls the place `known_as`."""
        return cls(".".join(stack), message, f"/{'/'.join(known_as)} {message}.")


class MappingInvalid(LanguageError):
    """A mapping is refused; `mistakes` has at least one entry."""

    def __init__(self, mistakes: list[Mistake], *, grouped: bool) -> None:
        # The engine throws a single mistake as it is, and joins several into one error.
        lines = [f"\n    ValidationError: {mistake.text}" for mistake in mistakes]
        super().__init__("".join(lines) if grouped else mistakes[0].text)
        self.mistakes = mistakes
        self.grouped = grouped
