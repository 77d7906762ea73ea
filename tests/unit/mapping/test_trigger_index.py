"""The index leaves out only subscriptions whose triggers do not hold, and do not throw."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.mapping.errors import MappingError, TriggerInvalid
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.fql_conditions import Condition
from segment_rehook.mapping.subscription import Subscription
from segment_rehook.mapping.trigger_index import TriggerIndex
from tests.conformance.generated.triggers import trigger_case

EQUALITIES = ['type = "track"', 'type = "identify"', 'event = "a"', 'event = "b"', "event = 5"]
OTHERS = [
    'type != "track"',
    'contains(event, "a")',
    '!contains(event, "a")',
    "userId != null",
    'properties.x = "a"',
    'properties.x.toString.caller = "a"',
    'properties.toString.arguments != "a"',
]
CLAUSES = st.sampled_from(EQUALITIES) | st.sampled_from(EQUALITIES) | st.sampled_from(OTHERS)
GROUPS = st.lists(CLAUSES, min_size=1, max_size=3).flatmap(
    lambda clauses: st.sampled_from([" and ".join(clauses), " or ".join(clauses)])
)
TRIGGERS = st.lists(GROUPS.map("({})".format) | CLAUSES, min_size=1, max_size=2).flatmap(
    lambda groups: st.sampled_from([" and ".join(groups), " or ".join(groups)])
)
EVENTS: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", 5, None]),
        "event": st.sampled_from(["a", "b", "5", 5, None, ["a"]]),
        "userId": st.sampled_from(["u", None]),
        "properties": st.sampled_from([{"x": "a"}, {"x": {}}, {}, None, "a"]),
    },
)


@dataclass
class Watched:
    """As much of a subscription as the index looks at."""

    trigger: Condition
    enabled: bool = True


def answer(trigger: Condition, event: object) -> bool | str:
    """Whether the trigger holds, or what it throws."""
    try:
        return trigger.holds(event)
    except MappingError as error:
        return str(error)


def hold(triggers: list[str], event: dict[str, object]) -> None:
    """Compare the index with what each trigger says itself."""
    watched = [Watched(compile_trigger(each)) for each in triggers]
    subscriptions = cast("list[Subscription]", watched)
    kind, name = event.get("type"), event.get("event")
    found, reads = TriggerIndex(subscriptions).candidates(
        kind if isinstance(kind, str) else None, name if isinstance(name, str) else None
    )
    part = {key: event[key] for key in event if key in reads}
    wanted = [each for each in subscriptions if answer(each.trigger, event) is not False]
    candidates = [candidate.subscription for candidate in found]
    assert [each for each in candidates if each in wanted] == wanted
    assert [each for each in subscriptions if each in candidates] == candidates
    for candidate in found:
        trigger = candidate.subscription.trigger
        expected = answer(trigger, event)
        assert (True if candidate.matches else answer(trigger, part)) == expected


@given(st.lists(TRIGGERS, max_size=5), EVENTS)
def test_no_subscription_that_takes_an_event_is_left_out(
    triggers: list[str], event: dict[str, object]
) -> None:
    """Subscriptions whose triggers hold or throw are given, in order; a certain match holds."""
    hold(triggers, event)


@given(st.integers(0, 2**32 - 1))
def test_nor_is_one_with_an_odd_trigger(seed: int) -> None:
    """The same holds for triggers as people write them, and for near misses."""
    case = trigger_case(Random(seed))
    try:
        compile_trigger(str(case["fql"]))
    except TriggerInvalid:
        return
    if isinstance(case["event"], dict):
        hold([str(case["fql"])], case["event"])


def test_only_what_may_hold_is_given() -> None:
    """Of many triggers that need an event's name or type, only those that fit are given."""
    triggers = [
        *(f'type = "track" and event = "e{number}"' for number in range(50)),
        'type = "identify"',
        'type = "track" and (event = "e1" or event = "other")',
        "userId != null",
        'type = "group" or event = "g"',
        '(type = "page" and event = "x") or (type = "screen" and event = "y")',
    ]
    subscriptions = cast(
        "list[Subscription]", [Watched(compile_trigger(each)) for each in triggers]
    )
    index = TriggerIndex(subscriptions)

    def found(kind: str | None, name: str | None) -> list[tuple[int, bool]]:
        return [
            (subscriptions.index(candidate.subscription), candidate.matches)
            for candidate in index.candidates(kind, name).found
        ]

    unsure = [(52, False), (53, False)]
    assert found("track", "e7") == [(7, True), *unsure]
    assert found("track", "e1") == [(1, True), (51, True), *unsure]
    assert found("track", "unknown") == unsure
    assert found("identify", None) == [(50, True), *unsure]
    assert found("page", "y") == [*unsure, (54, False)]
    assert found(None, None) == unsure


def test_a_disabled_subscription_is_never_given() -> None:
    """A disabled subscription is not given, whatever its trigger."""
    off = Watched(compile_trigger('type = "track"'), enabled=False)
    assert not TriggerIndex(cast("list[Subscription]", [off])).candidates("track", "a").found
