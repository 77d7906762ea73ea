"""Triggers: what they read, what is refused, and the oddities that are kept."""

from __future__ import annotations

import pytest

from segment_rehook.mapping.errors import MappingError, TriggerInvalid
from segment_rehook.mapping.fql import compile_trigger


@pytest.mark.parametrize(
    ("fql", "reads"),
    [
        ('type = "track"', {"type"}),
        ('type = "track" and properties.total > 5', {"type", "properties"}),
        ('contains(traits.email, "@") or match(context.ip, "10.*")', {"traits", "context"}),
        ("userId != null and name = null", {"userId", "name"}),
    ],
)
def test_a_trigger_knows_what_it_reads(fql: str, reads: set[str]) -> None:
    """`reads` names the members that the trigger looks at, so that others stay undecoded."""
    assert compile_trigger(fql).reads == reads


@pytest.mark.parametrize("fql", ["", "  ", "messageId", 'event !="A"', 'type = "a', "(", "()", "!"])
def test_a_text_without_a_condition_is_refused(fql: str) -> None:
    """A trigger that matches nothing at Segment is refused as a mistake."""
    with pytest.raises(TriggerInvalid):
        compile_trigger(fql)


def test_where_it_does_not_parse_is_named() -> None:
    """The error names the character at which parsing fails, and repeats no text."""
    with pytest.raises(TriggerInvalid, match="does not parse at character 10: a character"):
        compile_trigger("type = 5 ;")


@pytest.mark.parametrize(
    ("fql", "event", "matches"),
    [
        ('event = "A" and event = "B" or event = "A"', {"event": "A"}, True),
        ('!(event = "A")', {"event": "A"}, True),
        ("properties.missing != 5", {"properties": {}}, False),
        ("properties.ok != true", {"properties": {"ok": True}}, True),
        ("properties.n = 1", {"properties": {"n": True}}, False),
        ("properties.n = 9007199254740993", {"properties": {"n": 9007199254740993}}, True),
        ("properties.length = 2", {"properties": "ab"}, True),
        ("event starts_with A", {"event": "ABC"}, True),
        ('contains(propertiesx.a, "b")', {"properties": {"propertiesx": {"a": "b"}}}, True),
        ('type="track"', {"type": "track"}, True),
        ("type = ", {"type": "eos"}, True),
        ('contains(event, "\ud83d")', {"event": "😀"}, True),
        ('constructor = "x" and type = "a"', {"type": "a"}, True),
    ],
)
def test_oddities_are_kept(fql: str, event: dict[str, object], matches: bool) -> None:
    """Odd triggers match the same events as at Segment, since users paste them from there."""
    assert compile_trigger(fql).holds(event) is matches


def test_what_throws_at_segment_throws_here_when_its_turn_comes() -> None:
    """An empty bracket throws only if the conditions before it do not decide."""
    trigger = compile_trigger('type = "track" and (messageId)')
    assert not trigger.holds({"type": "page"})
    with pytest.raises(MappingError, match="Cannot read properties of undefined"):
        trigger.holds({"type": "track"})
