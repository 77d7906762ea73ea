"""Triggers: FQL as Segment's `destination-subscriptions` runs it, compiled to one callable.

`fql_parser` reads the text. Only a text without any condition is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import TriggerInvalid
from segment_rehook.mapping.fql_conditions import Condition, condition, throwing
from segment_rehook.mapping.fql_parser import parse_trigger
from segment_rehook.mapping.fql_syntax import Clause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.mapping.fql_conditions import Holds
    from segment_rehook.mapping.fql_syntax import Group
    from segment_rehook.mapping.values import Value


def compile_trigger(fql: str) -> Condition:
    """Compile a trigger. Raises TriggerInvalid for a trigger that matches nothing at Segment."""
    compiled = _compile(parse_trigger(fql))
    if compiled is None:
        raise TriggerInvalid("the trigger has no condition that Segment understands")
    return compiled


def _compile(part: Clause | Group) -> Condition | None:
    if isinstance(part, Clause):
        return condition(part.source, part.path, part.operator, part.expected)
    found = [_compile(member) for member in part.members]
    if len(found) < 2:  # noqa: PLR2004 — a group needs two
        return found[0] if found else None
    # An empty bracket throws only when it is reached.
    empty = throwing("Cannot read properties of undefined (reading 'type')")
    members = tuple(each or empty for each in found)
    reads = frozenset().union(*(each.reads for each in members))
    holds = _joined([each.holds for each in members], deciding=part.joint != "and")
    return Condition(holds, reads, members=members, joint=part.joint)


def _joined(each: Sequence[Holds], *, deciding: bool) -> Holds:
    """Make a condition that runs others in turn until one gives `deciding`."""
    if len(each) == 2:  # noqa: PLR2004 — most groups have two members
        first, second = each
        if deciding:
            return lambda event: first(event) or second(event)
        return lambda event: first(event) and second(event)

    def holds(event: Value) -> bool:
        for one in each:
            if one(event) is deciding:
                return deciding
        return not deciding

    return holds
