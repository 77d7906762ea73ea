"""What an event comes to: matching, gates, mapping, and the bytes that are passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.destination import Destination, load
from segment_rehook.rehook.plan import Call, Drop, DropReason, MappingFault
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import JSON

DEFAULTS = load(None)
NOW = 1_700_000_000.0

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def event(**members: Any) -> Event:
    """Give an event of a signed-in user, with these members."""
    usual = {"type": "track", "messageId": "m", "userId": "u1", "event": "Order Completed"}
    return Event.parse(json.dumps({**usual, **members}).encode())


def destination(*subscriptions: dict[str, Any], **settings: Any) -> Destination:
    """Load subscriptions and settings; without subscriptions, Segment's own."""
    raw: dict[str, Any] = {"settings": settings}
    if subscriptions:
        raw["subscriptions"] = subscriptions
    return load(json.dumps(raw).encode())


def tracked(**changes: Any) -> dict[str, Any]:
    """Give a subscription to every track event, changed."""
    return {
        "id": "t",
        "actionSlug": "trackEvent",
        "trigger": 'type = "track"',
        "settings": {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}},
        **changes,
    }


def body(entry: object) -> Any:
    """Read the body of a call, every number as a double: 1e16 and 10000000000000000 are one."""
    assert isinstance(entry, Call)
    return json.loads(entry.request.body, parse_int=float)


def test_a_track_event_becomes_a_call_of_the_rule_engine() -> None:
    """The default subscription sends name, user and properties, under the subscription's id."""
    (call,) = DEFAULTS.plan(event(properties={"total": 25.5}), NOW)
    assert isinstance(call, Call)
    assert (call.subscription, call.action, call.user, call.key) == (
        "track-event",
        "trackEvent",
        "u1",
        None,
    )
    assert (call.request.method, call.request.path) == ("POST", "/events/invoke")
    assert body(call) == {
        "event_name": "Order Completed",
        "source_id": "u1",
        "metadata": {"total": 25.5},
    }


def test_an_identify_becomes_an_upsert_of_the_customer() -> None:
    """The default subscription sends traits, and the referral code among them as its own field."""
    traits = {"name": "Bob", "referral_code": "ERTYUS"}
    (call,) = DEFAULTS.plan(event(type="identify", traits=traits), NOW)
    assert isinstance(call, Call)
    assert call.request.path == "/customers"
    assert body(call) == {"source_id": "u1", "metadata": traits, "referral_code": "ERTYUS"}


@pytest.mark.parametrize("kind", ["page", "screen", "group", "alias", "delete", "?", 7, None])
def test_other_types_are_ignored_unless_a_subscription_takes_them(kind: object) -> None:
    """A page call has no entry without a subscription for it, and a call with one."""
    assert DEFAULTS.plan(event(type=kind), NOW) == ()
    takes_pages = destination(tracked(trigger='type = "page"'))
    assert len(takes_pages.plan(event(type=kind), NOW)) == (kind == "page")


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({"userId": None}, "'source_id'."),
        ({"userId": ""}, "'source_id'."),
        ({"userId": None, "anonymousId": "a"}, "knows customers by userId only."),
        ({"userId": "", "properties": {"userId": "u1"}}, "presets/user-id-in-properties.json"),
    ],
)
def test_an_event_without_a_user_is_dropped_with_what_to_do(
    members: dict[str, Any], hint: str
) -> None:
    """The detail has the engine's sentence first, then advice where there is any."""
    (drop,) = DEFAULTS.plan(event(**members), NOW)
    assert isinstance(drop, Drop)
    assert (drop.subscription, drop.reason) == ("track-event", DropReason.MISSING_USER_ID)
    assert drop.detail.startswith("The root value is missing the required field 'source_id'.")
    assert hint in drop.detail


def test_both_ids_on_one_event_are_kept_and_the_user_counts() -> None:
    """An event with userId and anonymousId is sent for the userId."""
    (call,) = DEFAULTS.plan(event(anonymousId="a"), NOW)
    assert isinstance(call, Call)
    assert call.user == "u1"


def test_a_misfit_in_another_field_is_an_invalid_field() -> None:
    """A value of a wrong type is described in the engine's words."""
    (drop,) = DEFAULTS.plan(event(properties="text"), NOW)
    assert isinstance(drop, Drop)
    assert drop.reason == DropReason.INVALID_FIELDS
    assert drop.detail == "Event Properties must be an object but it was a string."


def test_what_a_directive_throws_is_a_fault_and_nobody_else_s() -> None:
    """If one subscription's directive throws, the other subscription's call is still made."""
    wild = tracked(id="wild", settings={"source_id": {"@path": {"@path": "$.userId"}}})
    plan = destination(wild, tracked()).plan(event(userId=7), NOW)
    assert [type(entry) for entry in plan] == [MappingFault, Call]
    assert plan[0] == MappingFault("wild", "@path: expected string, got number")


def test_what_a_trigger_throws_is_a_fault_too() -> None:
    """A trigger that throws, such as one with an empty bracket, is a fault."""
    (fault,) = destination(tracked(trigger='type = "track" and ()')).plan(event(), NOW)
    assert fault == MappingFault("t", "Cannot read properties of undefined (reading 'type')")
    assert destination(tracked(trigger='type = "page" and ()')).plan(event(), NOW) == ()


def test_each_subscription_that_matches_gives_its_own_entry_in_order() -> None:
    """Several subscriptions may take one event; disabled ones take none."""
    rules = destination(tracked(id="b"), tracked(id="off", enabled=False), tracked(id="a"))
    plan = rules.plan(event(), NOW)
    assert [entry.subscription for entry in plan] == ["b", "a"]


@pytest.mark.parametrize(
    ("integrations", "dropped"),
    [
        ({"Rehook": False}, True),
        ({"Segment Rehook": False}, True),
        ({"All": True, "Rehook": False}, True),
        ({"All": False}, False),
        ({"All": False, "Rehook": True}, False),
        ({"Rehook": {"x": 1}}, False),
        ({"Rehook": None}, False),
        ({"rehook": False}, False),
        ("Rehook", False),
        (None, False),
    ],
)
def test_only_an_explicit_false_keeps_an_event_from_rehook(
    integrations: object, dropped: bool
) -> None:
    """`All: false` drops no event: Replay and Engage send it to the destination they mean."""
    (entry,) = DEFAULTS.plan(event(integrations=integrations), NOW)
    assert isinstance(entry, Drop) is dropped
    if isinstance(entry, Drop):
        assert entry.reason == DropReason.INTEGRATION_DISABLED


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("o-1", "o-1"),
        (17, "17"),
        (25.0, "25"),
        (True, "true"),
        ("", None),
        (None, None),
        ({"a": 1}, None),
        (["o-1"], None),
    ],
    ids=repr,
)
def test_an_idempotency_key_is_text_or_the_message_id_counts(value: object, key: str) -> None:
    """A business key that is missing or no plain value falls back to Segment's messageId."""
    rules = destination(tracked(idempotencyKey={"@path": "$.properties.order_id"}))
    (call,) = rules.plan(event(properties={"order_id": value}), NOW)
    assert isinstance(call, Call)
    assert call.key == key


def test_properties_that_pass_unchanged_are_sent_as_the_bytes_that_came() -> None:
    """Numbers keep their writing and integers their digits; the mapping's order is kept."""
    properties = b'{"a": 1.50, "n": 12345678901234567890}'
    raw = b'{"type":"track","userId":"u","event":"e","properties":%b}' % properties
    (call,) = DEFAULTS.plan(Event.parse(raw), NOW)
    assert isinstance(call, Call)
    expected = b'{"event_name":"e","source_id":"u","metadata":%b}' % properties
    assert call.request.body == expected


def test_properties_unfit_to_pass_are_decoded_and_written_anew() -> None:
    """Of duplicate keys the last one wins, as in JavaScript, and infinity becomes null."""
    raw = b'{"type":"track","userId":"u","properties":{"a":1,"a":2,"b":1e999},"event":"e"}'
    (call,) = DEFAULTS.plan(Event.parse(raw), NOW)
    assert isinstance(call, Call)
    assert b'"metadata":{"a":2,"b":null}' in call.request.body


def test_only_what_is_read_is_decoded() -> None:
    """Context, which no default mapping reads, stays undecoded."""
    asked = set()

    class Watched(Event):
        def member(self, name: str, default: JSON = None) -> JSON:
            asked.add(name)
            return super().member(name, default)

    DEFAULTS.plan(Watched.parse(event(context={"page": {}}, properties={"a": 1}).raw), NOW)
    assert asked
    assert "context" not in asked


@given(value=values)
def test_the_answer_is_the_same_whether_bytes_pass_or_values_are_mapped(value: object) -> None:
    """Sending the text that came gives the same payload as mapping the value."""
    passed = tracked()
    passed["settings"]["metadata"] = {"@path": "$.properties"}
    mapped = tracked()
    mapped["settings"]["metadata"] = {"@literal": {"@path": "$.properties"}}
    text = json.dumps({"type": "track", "userId": "u", "event": "e", "properties": value}).encode()
    if b"NaN" in text or b"Infinity" in text:
        text = text.replace(b"-Infinity", b"-1e999").replace(b"Infinity", b"1e999")
        text = text.replace(b"NaN", b"null")
    sent = Event.parse(text)
    one, other = destination(passed).plan(sent, NOW), destination(mapped).plan(sent, NOW)
    assert [type(entry) for entry in one] == [type(entry) for entry in other]
    if isinstance(one[0], Call):
        assert body(one[0]) == body(other[0])


@given(members=st.dictionaries(st.sampled_from(["type", "userId", "event", "properties"]), values))
def test_planning_never_raises(members: dict[str, Any]) -> None:
    """Any event gets a plan, and no error is raised."""
    for entry in DEFAULTS.plan(
        Event.parse(
            json.dumps(members, allow_nan=True)
            .replace("NaN", "0")
            .replace("Infinity", "1e999")
            .encode()
        ),
        NOW,
    ):
        assert isinstance(entry, Call | Drop | MappingFault)


def test_a_redrive_plans_one_subscription_anew() -> None:
    """A redrive plans by id; a removed, disabled or no longer matching subscription gives None."""
    rules = destination(tracked(id="a"), tracked(id="off", enabled=False))
    assert isinstance(rules.plan_for(event(), "a"), Call)
    assert rules.plan_for(event(), "off") is None
    assert rules.plan_for(event(), "gone") is None
    assert rules.plan_for(event(type="page"), "a") is None


def test_a_redrive_asks_the_rules_again_but_not_the_age() -> None:
    """A redrive applies the rules again, except the limit on the event's age."""
    rules = destination(maxEventAgeHours=1, deniedEvents=["Refund"])
    old = event(timestamp="2001-01-01T00:00:00Z")
    assert isinstance(rules.plan(old, NOW)[0], Drop)
    assert isinstance(rules.plan_for(old, "track-event"), Call)
    assert isinstance(rules.plan_for(event(event="Refund"), "track-event"), Drop)
