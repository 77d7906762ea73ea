"""What a trigger is once it is read: groups of conditions, and what was passed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.mapping.fql_lexer import FqlToken


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition, as it is read and as it was written.

    `source`, `path`, `operator` and `expected` are what `fql_conditions.condition` takes. `subject`
    is the place as written, `sign` the operator or the function's name, `given` the token that is
    compared with.
    """

    source: str
    path: str | None
    operator: str
    expected: str | float | bool
    subject: str
    sign: str
    given: FqlToken


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Text that is read as no condition.

    `kind` tells what it is: a `word` that is no member (`following` has the two tokens after it),
    the `subject` of a function that is none for it, a `!` before a word, or a `)` that closes
    nothing.
    """

    word: str
    kind: Literal["word", "subject", "negation", "bracket"]
    following: tuple[FqlToken, ...] = ()

    @property
    def called(self) -> bool:
        """Whether a bracket follows, as after a function's name."""
        return bool(self.following) and self.following[0].kind == "parenleft"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that one `and` or `or` joins: the last one written, `joints` has them all.

    An empty group is no condition. `negated` tells of a `!` before the bracket, which is lost.
    """

    joint: str
    members: tuple[Clause | Group, ...]
    joints: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]
    negated: bool = False

    def groups(self) -> Iterator[Group]:
        """Give the group itself, then those inside it."""
        yield self
        for member in self.members:
            if isinstance(member, Group):
                yield from member.groups()

    def clauses(self) -> Iterator[Clause]:
        """Give every condition, those of inner groups too, in their order."""
        for member in self.members:
            if isinstance(member, Group):
                yield from member.clauses()
            else:
                yield member
