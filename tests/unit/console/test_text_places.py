"""Places in a JSON text: what a mistake names, an event by its number, and what is no JSON."""

from __future__ import annotations

import pytest

from tools.console.text_places import TextPlace, broken_in, event_in, place_in

FILE = """{
  "settings": {"eventNames": {"Order.Completed": 1, "a": {"b": 2}, "a.b": {"c": 3}}},
  "subscriptions": [
    {"trigger": "\\"x\\" [0] {"},
    { "settings": {"m" : {"@coalesce": [10, 20]}} }
  ]
}"""


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("settings", '"settings"'),
        ("settings.eventNames.Order.Completed", '"Order.Completed"'),
        ("settings.eventNames.a.b.c", '"c"'),
        ("subscriptions[0]", '{"trigger"'),
        ("subscriptions[0].trigger", '"trigger"'),
        ("subscriptions[1].settings.m.@coalesce.1", "20"),
        ("subscriptions[1].settings.m.@coalesce[0]", "10"),
    ],
)
def test_a_place_is_found_by_its_spelling(place: str, found: str) -> None:
    """Members, items in both spellings, and names with dots are found where they begin."""
    at = place_in(FILE, place)
    assert at is not None
    line = FILE.split("\n")[at.line - 1]
    assert line[at.column - 1 :].startswith(found)


def test_what_is_missing_is_sought_above() -> None:
    """A place that is not there gives the nearest above it; none gives None."""
    assert place_in(FILE, "subscriptions[0].settings.m") == place_in(FILE, "subscriptions[0]")
    assert place_in(FILE, "subscriptions[7].id") == place_in(FILE, "subscriptions")
    assert place_in(FILE, "other") is None
    assert place_in(FILE, "") is None
    assert place_in("7", "settings") is None


def test_an_event_is_found_by_its_number() -> None:
    """Arrays and single texts are counted as the reader counts them."""
    text = '{"a": 1}\n[{"b": 2},\n  7]\n8'
    places = [event_in(text, number) for number in range(1, 6)]
    assert places == [TextPlace(1, 1), TextPlace(2, 2), TextPlace(3, 3), TextPlace(4, 1), None]
    assert event_in("[" * 100_000, 1) is None


def test_the_first_mistake_is_in_its_own_line() -> None:
    """Of one text a line, the one that is broken is named, and not where the second begins."""
    assert broken_in('{"a": 1}\n{"b": 2}\n{"c" 3}') == (
        "Expecting ':' delimiter",
        TextPlace(3, 6),
    )
    assert broken_in('{"a": 1} {"b": 2}') == ("Extra data", TextPlace(1, 10))
    assert broken_in('{"a": 1}\n\n[\n2]\n') is None
    assert broken_in("[" * 100_000) is None
