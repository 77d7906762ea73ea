"""Tests of comparing two destinations over events."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.destination import Destination
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import decode
from segment_rehook_cli.diff.comparison import MAX_MEMBERS, Comparison, compare
from segment_rehook_cli.diff.differences import Differences, Effect
from segment_rehook_cli.mapping.made import NotSent, Sent
from segment_rehook_cli.mapping.preview import Preview
from tests.unit.cli.destinations import (
    DESTINATIONS,
    corpora,
    destination,
    event,
    mapped,
    subscription,
)

Corpus = list[Event | UnreadableEvent]
destinations = st.sampled_from(DESTINATIONS)

MIRRORED = {
    Effect.UNCHANGED: Effect.UNCHANGED,
    Effect.CHANGED: Effect.CHANGED,
    Effect.NEWLY_SENT: Effect.NO_LONGER_SENT,
    Effect.NO_LONGER_SENT: Effect.NEWLY_SENT,
    Effect.DIFFERENTLY_DROPPED: Effect.DIFFERENTLY_DROPPED,
}


def effects(found: Differences, name: str = "track") -> dict[Effect, int]:
    """Return how many events have each effect for a subscription, without the zeros."""
    [one] = [each for each in found.subscriptions if each.id == name]
    return {effect: count for effect, count in one.events.items() if count}


def sent(rules: Destination, one: Event) -> dict[str, Any]:
    """Return the body that `preview` shows for each subscription that sends the event."""
    line: dict[str, Any] = Preview(rules, 0.0).line(one, explained=False)
    results = [each for each in line["results"] if "request" in each]
    return {each["subscription"]: each["request"]["body"] for each in results}


@given(destinations, corpora)
def test_a_destination_does_not_differ_from_itself(rules: Destination, corpus: Corpus) -> None:
    """A destination compared with itself gives no change and no example, for any events."""
    found = compare(rules, rules, corpus, max_examples=3)
    assert (found.changed, found.examples) == (0, ())
    assert all(each.events[Effect.UNCHANGED] == found.unchanged for each in found.subscriptions)


@given(destinations, destinations, corpora)
def test_the_other_way_round_gives_the_mirrored_counts(
    base: Destination, candidate: Destination, corpus: Corpus
) -> None:
    """Exchanging the sides exchanges newly and no longer sent, and the two reasons; no more."""
    there, back = compare(base, candidate, corpus), compare(candidate, base, corpus)
    assert (there.changed, there.unchanged) == (back.changed, back.unchanged)
    mirrored = {each.id: each for each in back.subscriptions}
    for each in there.subscriptions:
        other = mirrored[each.id]
        assert {MIRRORED[effect]: n for effect, n in each.events.items()} == other.events
        assert (each.fields, each.members) == (other.fields, other.members)
        assert {(b, a): n for (a, b), n in each.reasons.items()} == other.reasons
        assert (each.in_base, each.in_candidate) == (other.in_candidate, other.in_base)


@given(destinations, destinations, corpora)
def test_every_event_is_counted_once(
    base: Destination, candidate: Destination, corpus: Corpus
) -> None:
    """The counts add up, for the events and for each subscription."""
    found = compare(base, candidate, corpus)
    assert found.events == len(corpus) == found.unchanged + found.changed + found.unreadable
    for each in found.subscriptions:
        assert sum(each.events.values()) == len(corpus) - found.unreadable
        differing = sum(n for effect, n in each.events.items() if effect is not Effect.UNCHANGED)
        assert sum(each.reasons.values()) == differing - each.events[Effect.CHANGED]


@given(destinations, destinations, corpora)
def test_a_field_differs_in_exactly_the_events_to_which_the_mapping_gives_another_value(
    base: Destination, candidate: Destination, corpus: Corpus
) -> None:
    """A field is counted for each event where the two previews have another value for it."""
    expected: Counter[tuple[str, str]] = Counter()
    for one in corpus:
        if isinstance(one, UnreadableEvent):
            continue
        before, after = sent(base, one), sent(candidate, one)
        for name in before.keys() & after.keys():
            fields = before[name].keys() | after[name].keys()
            expected.update(
                (name, field)
                for field in fields
                if repr(before[name].get(field)) != repr(after[name].get(field))
            )
    found = compare(base, candidate, corpus)
    counted = {
        (each.id, field): count
        for each in found.subscriptions
        for field, count in each.fields.items()
        if field != "idempotencyKey"
    }
    assert counted == dict(expected)


@given(destinations, destinations, corpora, st.integers(0, 2))
def test_examples_are_of_events_that_differ_and_as_many_as_were_asked_for(
    base: Destination, candidate: Destination, corpus: Corpus, most: int
) -> None:
    """Each subscription and effect has at most so many examples, and fewer only if there are."""
    found = compare(base, candidate, corpus, max_examples=most)
    shown = Counter((each.subscription, each.effect) for each in found.examples)
    for each in found.subscriptions:
        for effect, count in each.events.items():
            expected = 0 if effect is Effect.UNCHANGED else min(count, most)
            assert shown[each.id, effect] == expected
    for example in found.examples:
        assert bool(example.fields) is (example.effect is Effect.CHANGED)
        assert isinstance(example.base, Sent) is (
            example.effect in {Effect.CHANGED, Effect.NO_LONGER_SENT}
        )


def test_each_effect_is_told_apart() -> None:
    """Changed, newly sent, no longer sent and differently dropped are counted as such."""
    upper = mapped(event_name="other")
    nobody = mapped(source_id={"@path": "$.nobody"})
    assert effects(compare(mapped(), upper, [event()])) == {Effect.CHANGED: 1}
    assert effects(compare(nobody, mapped(), [event()])) == {Effect.NEWLY_SENT: 1}
    assert effects(compare(mapped(), nobody, [event()])) == {Effect.NO_LONGER_SENT: 1}
    broken = mapped(metadata=5)
    assert effects(compare(nobody, broken, [event()])) == {Effect.DIFFERENTLY_DROPPED: 1}
    [both] = compare(nobody, broken, [event()]).subscriptions
    assert both.reasons == {("missing_user_id", "invalid_fields"): 1}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (destination(), "there is no such subscription"),
        (destination(subscription(enabled=False)), "the subscription is disabled"),
        (
            destination(subscription(trigger='type = "page"')),
            'type = "page": type is another string',
        ),
    ],
    ids=["removed", "disabled", "trigger"],
)
def test_an_example_says_why_the_event_is_no_longer_taken(rules: Destination, why: str) -> None:
    """A subscription that is gone, disabled or does not match is `ignored`, with the reason."""
    [example] = compare(mapped(), rules, [event()], max_examples=1).examples
    assert example.candidate == NotSent("ignored", why)


def test_a_change_of_the_trigger_alone_that_no_event_shows_is_no_difference() -> None:
    """An event that neither side takes is unchanged, though the two say so in other words."""
    page = destination(subscription(trigger='type = "page"'))
    gone = destination()
    assert compare(page, gone, [event()]).changed == 0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (b'{"a": 1, "b": [1.0]}', b'{"b":[1],"a":1.0}'),
        (b'{ "a" : "\\u00e9" }', '{"a":"é"}'.encode()),
        (b'{"a": 1e2}', b'{"a":100}'),
    ],
)
def test_other_ways_to_write_the_same_value_are_no_difference(text: bytes, other: bytes) -> None:
    """Order of members, blanks, escapes and the spelling of numbers do not count."""
    constant = mapped(metadata={"@literal": decode(other)})
    one = Event.parse(
        b'{"type":"track","messageId":"m","userId":"u","event":"e","properties":%b}' % text
    )
    assert compare(mapped(), constant, [one]).changed == 0


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (5, "5"), (None, "")])
def test_values_of_other_types_differ(before: Any, after: Any) -> None:
    """True is not 1, and a number in quotes is not a number."""
    found = compare(
        mapped(metadata={"a": {"@literal": before}}),
        mapped(metadata={"a": {"@literal": after}}),
        [event()],
        max_examples=1,
    )
    [example] = found.examples
    [change] = example.fields
    assert (change.name, change.base, change.candidate) == ("metadata.a", before, after)


def test_another_business_key_is_a_difference() -> None:
    """A changed idempotencyKey is a change, though the call stays the same."""
    keyed = destination(subscription(idempotencyKey={"@path": "$.properties.order"}))
    found = compare(mapped(), keyed, [event(properties={"order": "o1"})], max_examples=1)
    assert effects(found) == {Effect.CHANGED: 1}
    [example] = found.examples
    [change] = example.fields
    assert (change.field, change.candidate) == ("idempotencyKey", "o1")


def test_an_event_is_as_old_as_it_was_when_it_came() -> None:
    """The age is that at receivedAt, so that a change of the limit shows in an old archive."""
    limited = destination(subscription(), maxEventAgeHours=1)
    times = {"timestamp": "2020-01-01T00:00:00Z"}
    early = event(**times, receivedAt="2020-01-01T00:30:00Z")
    late = event(**times, receivedAt="2020-01-01T02:00:00Z")
    unknown = event(**times)
    assert compare(mapped(), limited, [early, unknown]).changed == 0
    assert compare(mapped(), limited, [late]).changed == 1


def test_what_is_kept_does_not_grow_with_the_events() -> None:
    """However many members events have, so many are counted by name; the field itself always."""
    corpus = (event(properties={f"p{n}": n}) for n in range(3 * MAX_MEMBERS))
    found = compare(mapped(), mapped(metadata={"@literal": {}}), corpus, max_examples=2)
    [one] = found.subscriptions
    assert one.fields == {"metadata": 3 * MAX_MEMBERS}
    assert len(one.members) == MAX_MEMBERS
    assert len(found.examples) == 2


def test_the_result_so_far_can_be_asked_for_at_any_time() -> None:
    """A comparison that is not at its end gives the counts of the events that it had."""
    comparison = Comparison(mapped(), mapped(event_name="other"))
    comparison.add(event())
    first = comparison.result()
    comparison.add(event(messageId="m2"))
    assert (first.events, comparison.result().events) == (1, 2)
