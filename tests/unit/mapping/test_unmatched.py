"""Why a trigger does not hold: said exactly then, of the right clause, without any value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random

import pytest

from segment_rehook.mapping.errors import MappingError, TriggerInvalid
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.fql_conditions import Condition
from segment_rehook.mapping.unmatched import MAX_CHARACTERS, unmatched
from tests.conformance.generated.triggers import trigger_case
from tests.conformance.generated.values import Generated

CASES = 4_000
SECRET = "⟦secret⟧"

EVENT = {
    "type": "track",
    "event": "Order Completed",
    "userId": "u1",
    "properties": {
        "total": "27.50",
        "note": "two",
        "days": 2,
        "gift": False,
        "wrapped": "true",
        "coupon": None,
        "tags": ["a"],
        "to": {"city": "Pune"},
    },
}


def generated() -> Iterator[tuple[str, Condition, Generated]]:
    """Triggers that compile, each with its text and an event."""
    rng = Random(20)
    for _ in range(CASES):
        case = trigger_case(rng)
        fql = case["fql"]
        if isinstance(fql, str):
            try:
                yield fql, compile_trigger(fql), case["event"]
            except TriggerInvalid:
                continue


def test_it_is_said_exactly_where_the_trigger_does_not_hold() -> None:
    """There is an explanation exactly where a generated trigger does not hold; both throw alike."""
    seen = {"holds": 0, "fails": 0, "throws": 0}
    for fql, trigger, event in generated():
        try:
            holds = trigger.holds(event)
        except MappingError as error:
            with pytest.raises(MappingError, match=re.escape(str(error))):
                unmatched(trigger, event)
            seen["throws"] += 1
            continue
        why = unmatched(trigger, event)
        assert (why is None) is holds, fql
        assert why is None or 0 < len(why) <= MAX_CHARACTERS, fql
        seen["holds" if holds else "fails"] += 1
    assert min(seen.values()) > 20, seen


def test_no_value_of_the_event_is_said() -> None:
    """The explanation repeats no text of the event."""
    said = 0
    for fql, trigger, event in generated():
        try:
            why = unmatched(trigger, secret(event))
        except MappingError:
            continue
        assert SECRET not in (why or ""), fql
        said += why is not None
    assert said > CASES / 4


def secret(value: Generated) -> Generated:
    """The same value with another text wherever it has one; keys are the trigger's to know."""
    if isinstance(value, dict):
        return {name: secret(each) for name, each in value.items()}
    if isinstance(value, list):
        return [secret(each) for each in value]
    return SECRET if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("fql", "why"),
    [
        ('type = "page"', "type is another string"),
        ('name = "Home"', "name is missing, not a string"),
        ('type != "track"', "type is that string"),
        ("properties.total > 20", "properties.total is a string, not a number"),
        ("properties.total > 20", "(a number in quotes is text)"),
        ("properties.note > 20", "properties.note is a string, not a number"),
        ("properties.days > 2", "properties.days is a number, but not > 2"),
        ("properties.days = 3", "properties.days is another number"),
        ("properties.days != 2", "properties.days is that number"),
        ('properties.days = "2"', "properties.days is a number, not a string"),
        ("properties.missing != 5", "properties.missing is missing, not a number"),
        ("traits.vip = true", "traits.vip is missing (the event has no traits), not a boolean"),
        ("properties.gift = true", "properties.gift is a boolean, but not true"),
        ("properties.wrapped = true", "is a string, not a boolean (true in quotes is text)"),
        ("properties.coupon != null", "properties.coupon is null"),
        ("properties.gift = null", "properties.gift is a boolean, not missing or null"),
        ('contains(event, "Refund")', "event is a string that does not contain that"),
        ('match(event, "Refund*")', "event is a string that does not begin with that"),
        ('!match(event, "*Completed")', "event is a string that ends with that"),
        ('contains(properties.tags, "a")', "properties.tags is an array, not a string"),
        ('match(properties.to, "a*")', "properties.to is an object, not a string"),
        ('event is "Order Completed"', "it has no operator, so it never holds"),
        ('properties.days > "many"', "what it expects is no number, so it never holds"),
    ],
)
def test_a_clause_is_named_with_the_type_that_it_found(fql: str, why: str) -> None:
    """The explanation has the clause as written, and the type of what it found."""
    said = unmatched(compile_trigger(fql), EVENT)
    assert said is not None
    assert said.startswith(f"{fql}: ")
    assert why in said


@pytest.mark.parametrize(
    ("fql", "failing"),
    [
        ('type = "track" and properties.days > 5', ["properties.days > 5"]),
        ('type = "page" and properties.days > 5', ['type = "page"']),
        ('event = "A" or event = "B"', ['event = "A"', 'event = "B"']),
        ('type = "track" and (event = "A" or event = "B")', ['event = "A"', 'event = "B"']),
        ('type = "page" or type = "track" and event = "A"', ['type = "page"']),
        ('!(event = "A")', ['event = "A"']),
        ("type = \"track\" and total > 20 and event = 'A'", ["event = \"'A'\""]),
    ],
)
def test_the_clauses_that_decide_are_named(fql: str, failing: list[str]) -> None:
    """The first failing clause of an `and` is named, and each clause of an `or`."""
    said = unmatched(compile_trigger(fql), EVENT)
    assert said is not None
    assert [each.split(": ")[0] for each in said.split("; ")] == failing


def test_a_long_trigger_is_cut() -> None:
    """The explanation of a long trigger is cut, because it goes into log lines."""
    fql = " or ".join(f"event = {json.dumps('x' * 5_000 + str(n))}" for n in range(50))
    said = unmatched(compile_trigger(fql), EVENT)
    assert said is not None
    assert len(said) == MAX_CHARACTERS
    assert said.endswith("…")
