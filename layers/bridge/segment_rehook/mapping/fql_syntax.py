"""The syntax tree of a trigger: groups of conditions, and the texts that were passed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.mapping.fql_lexer import FqlToken


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: its meaning, and its text in the trigger.

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
    """Text that is not part of any condition.

    `kind` is one of: a `word` that names no member (`following` has the two tokens after it),
    a `subject` that a function does not take, a `!` before a word (`negation`), or a `)` without
    its opening bracket (`bracket`).
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
    """Conditions joined by `joint`, the last `and` or `or` of the group; `joints` has all of them.

    An empty group is no condition. `negated`: a `!` stands before the bracket; it has no effect.
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
