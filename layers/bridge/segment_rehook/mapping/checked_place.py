"""The place in a mapping that a check has reached."""

from __future__ import annotations

from segment_rehook.mapping.errors import MappingInvalid, Mistake


class Place:
    """A place in a mapping: `stack` is the path to it.

    `known_as` is the path in the engine's own sentence, which drops the steps above `@merge`.
    """

    __slots__ = ("known_as", "stack")

    def __init__(self, stack: tuple[str, ...] = (), known_as: tuple[str, ...] = ()) -> None:
        self.stack = stack
        self.known_as = known_as

    def into(self, key: str) -> Place:
        """Go down to a member."""
        return Place((*self.stack, key), (*self.known_as, key))

    def forgotten(self, key: str) -> Place:
        """Go down to a member that the engine names without its path."""
        return Place((*self.stack, key), ())

    def refuse(self, message: str) -> MappingInvalid:
        """Make the error for a mistake at this place."""
        return MappingInvalid([Mistake.at(self.stack, message, self.known_as)], grouped=False)
