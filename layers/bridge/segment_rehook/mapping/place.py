"""Where in a mapping a check stands, so that a mistake can be named by its place."""

from __future__ import annotations

from segment_rehook.mapping.errors import MappingInvalid, Mistake


class Place:
    """Where in the mapping a check stands.

    The engine forgets the way down inside `@merge`, so its own sentence may name another place.
    """

    __slots__ = ("known_as", "stack")

    def __init__(self, stack: tuple[str, ...] = (), known_as: tuple[str, ...] = ()) -> None:
        self.stack = stack
        self.known_as = known_as

    def into(self, key: str) -> Place:
        """Go down to a member."""
        return Place((*self.stack, key), (*self.known_as, key))

    def forgotten(self, key: str) -> Place:
        """Go down to a member, while the engine starts from the top."""
        return Place((*self.stack, key), ())

    def refuse(self, message: str) -> MappingInvalid:
        """Make the mistake that is found here."""
        return MappingInvalid([Mistake.at(self.stack, message, self.known_as)], grouped=False)
