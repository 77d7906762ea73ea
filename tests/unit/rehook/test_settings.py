"""Each setting: what it does, what it leaves alone, and in which order they work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook.rehook.plan import Call, Drop, DropReason
from segment_rehook.rehook.settings import SHAPE, Settings
from segment_rehook.segment.event import Event

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z


def plan(event: dict[str, Any], **settings: Any) -> Any:
    """Plan one event under these settings and Segment's default subscriptions; give the entry."""
    usual = {"type": "track", "messageId": "m", "userId": "u1", "event": "Order Completed"}
    destination = load(json.dumps({"settings": settings}).encode())
    (entry,) = destination.plan(Event.parse(json.dumps({**usual, **event}).encode()), NOW)
    return entry


def body(event: dict[str, Any], **settings: Any) -> Any:
    """Give the body of the call that the event becomes."""
    entry = plan(event, **settings)
    assert isinstance(entry, Call), entry
    return json.loads(entry.request.body)


def reason(event: dict[str, Any], **settings: Any) -> DropReason | None:
    """Give why the event is dropped, None if it is not."""
    entry = plan(event, **settings)
    return entry.reason if isinstance(entry, Drop) else None


def identify(**traits: Any) -> dict[str, Any]:
    """Give an identify with these traits."""
    return {"type": "identify", "traits": traits}


def test_every_setting_is_described_and_has_a_default() -> None:
    """What is described, read and defaulted are the same settings."""
    assert all(shape["description"] for shape in SHAPE["properties"].values())
    assert len(SHAPE["properties"]) == len(Settings.__slots__)


def test_allowed_events_let_only_named_track_events_through() -> None:
    """Names are Segment's, compared exactly; calls that are no track events are not asked."""
    assert reason({}, allowedEvents=["Order Completed"]) is None
    assert reason({}, allowedEvents=["order completed"]) == DropReason.DENIED_EVENT
    assert reason({"event": ["x"]}, allowedEvents=["x"]) == DropReason.DENIED_EVENT
    assert reason(identify(), allowedEvents=["x"]) is None


def test_denied_events_keep_named_track_events_back() -> None:
    """A denied name is denied even if it is allowed too."""
    both = {"allowedEvents": ["Order Completed"], "deniedEvents": ["Order Completed"]}
    assert reason({}, **both) == DropReason.DENIED_EVENT
    assert reason({"event": "Refund"}, deniedEvents=["Order Completed"]) is None
    assert reason({"event": {}}, deniedEvents=["x"]) == DropReason.INVALID_FIELDS


@pytest.mark.parametrize(
    ("timestamp", "dropped"),
    [
        ("2023-11-14T20:13:19Z", True),
        ("2023-11-14T20:13:20Z", False),
        ("2023-11-14T20:13:20.001Z", False),
        ("2023-11-14T21:13:19+01:00", True),
        ("2023-11-14T20:13:19", True),
        ("2099-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+23:59", True),
        ("yesterday", False),
        (None, False),
        (0, False),
    ],
)
def test_events_older_than_the_limit_are_dropped(timestamp: object, dropped: bool) -> None:
    """Age is counted from the event's timestamp; what has none that can be read passes."""
    assert not dropped or "(2)" in plan({"timestamp": timestamp}, maxEventAgeHours=2).detail
    found = reason({"timestamp": timestamp}, maxEventAgeHours=2)
    assert found == (DropReason.TOO_OLD if dropped else None)


@given(st.text(max_size=40) | st.datetimes(timezones=st.timezones()).map(str))
def test_no_timestamp_can_break_the_age_rule(timestamp: str) -> None:
    """Whatever the text, the event is judged."""
    assert reason({"timestamp": timestamp}, maxEventAgeHours=1) in {None, DropReason.TOO_OLD}


def test_an_ignored_type_is_kept_from_subscriptions_that_would_take_it() -> None:
    """A subscription without a type in its trigger sees pages too, unless they are ignored."""
    subscription = {
        "id": "s",
        "actionSlug": "trackEvent",
        "trigger": 'userId = "u1"',
        "settings": {"event_name": {"@path": "$.type"}, "source_id": {"@path": "$.userId"}},
    }
    for policy, entries in (("subscriptions", 1), ("ignore", 0)):
        raw = {"settings": {"eventTypes": {"page": policy}}, "subscriptions": [subscription]}
        destination = load(json.dumps(raw).encode())
        page = Event.parse(b'{"type": "page", "userId": "u1"}')
        assert len(destination.plan(page, NOW)) == entries


def test_trait_names_turn_traits_into_reserved_properties() -> None:
    """The trait moves to its new name; others stay; a swap of two names works."""
    sent = body(identify(lang="hi", plan="pro"), traitNames={"lang": "preferred_language"})
    assert sent["metadata"] == {"plan": "pro", "preferred_language": "hi"}
    swapped = body(identify(a=1, b=2), traitNames={"a": "b", "b": "a"})
    assert swapped["metadata"] == {"a": 2, "b": 1}


def test_trait_names_touch_identifies_only() -> None:
    """Properties of an event are not traits; an identify without traits has none to rename."""
    rename = {"traitNames": {"lang": "preferred_language"}}
    assert body({"properties": {"lang": "hi"}}, **rename)["metadata"] == {"lang": "hi"}
    assert "metadata" not in body({"type": "identify"}, **rename)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("iso-639-1", ["hi", "en", "zu"], ["hin", "EN", "xx", "", 7, True, ["hi"]]),
        ("email", ["a@b.co", "a+b@x.y.z"], ["a@b", "a b@c.d", "@b.co", "a@b.co.", 7]),
        ("e164", ["+919876543210"], ["919876543210", "+0123456789", "+12", "+1 212 555 0100"]),
    ],
)
def test_a_trait_that_fails_its_check_is_left_out_and_noted(
    check: str, good: list[object], bad: list[object]
) -> None:
    """A reserved property is read by machines: no value is better than a wrong one."""
    rename = {"traitNames": {"t": {"name": "p", "check": check}}}
    for value in good:
        assert body(identify(t=value), **rename)["metadata"] == {"p": value}
    for value in bad:
        entry = plan(identify(t=value), **rename)
        assert json.loads(entry.request.body)["metadata"] == {}
        (warning,) = entry.warnings
        assert warning.startswith("traitNames: t is left out, it is a")
        assert warning.endswith(f" that fails the check {check}")


def test_two_traits_can_not_become_one_property() -> None:
    """Which one would win is not left to chance."""
    with pytest.raises(DestinationInvalid, match=r"settings\.traitNames\.b gives \"x\", as \"a\""):
        load(b'{"settings": {"traitNames": {"a": "x", "b": {"name": "x"}}}}')


def test_event_names_are_changed_then_prefixed() -> None:
    """Rename first, prefix second: the prefix is on every name that reaches Rehook."""
    names = {"eventNames": {"Order Completed": "order_success"}}
    assert body({}, **names)["event_name"] == "order_success"
    assert body({"event": "Other"}, **names)["event_name"] == "Other"
    prefixed = body({}, **names, eventNamePrefix="segment : ")
    assert prefixed["event_name"] == "segment : order_success"
    assert "event_name" not in body(identify(), eventNamePrefix="segment : ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("referralCode", "KMN"),
        ("ReferralCode", "KMN"),
        ("Referral Code", "KMN"),
        ("referral-code", "KMN"),
        ("refCode", "KMN"),
        ("referralCode", 42),
    ],
)
def test_a_conversion_event_s_code_is_found_under_the_usual_spellings(
    key: str, value: object
) -> None:
    """The code is sent as referral_code, which is what Rehook reads; the original stays."""
    sent = body(
        {"event": "signup", "properties": {key: value}}, conversionEvents={"signup": "drop"}
    )
    assert sent["metadata"] == {key: value, "referral_code": value}


@pytest.mark.parametrize(
    "properties", [None, {}, {"referral_code": ""}, {"referral_code": None}, {"refCode": {}},
                   {"referralCode": " "}, {"referral_code": False}, {"code": "x"}]
)  # fmt: skip
def test_a_conversion_event_without_a_code_is_direct_or_dropped(properties: object) -> None:
    """Direct sends the empty code that Rehook wants of a direct sign-up; drop sends nothing."""
    event = {"event": "signup", "properties": properties}
    direct = body(event, conversionEvents={"signup": "direct"})
    assert direct["metadata"]["referral_code"] == ""
    assert reason(event, conversionEvents={"signup": "drop"}) == DropReason.CONVERSION_WITHOUT_CODE
    assert reason({**event, "event": "Signup"}, conversionEvents={"signup": "drop"}) is None


def test_conversion_events_are_named_as_rehook_knows_them() -> None:
    """They are looked up after renaming and prefixing."""
    sent = body(
        {"event": "Signed Up"},
        eventNames={"Signed Up": "signup"},
        eventNamePrefix="s:",
        conversionEvents={"s:signup": "direct"},
    )
    assert sent == {"event_name": "s:signup", "source_id": "u1", "metadata": {"referral_code": ""}}


def test_a_code_that_is_there_is_sent_as_it_came() -> None:
    """A conversion event with its code needs nothing done."""
    entry = plan(
        {"event": "signup", "properties": {"referral_code": "KMN", "refCode": "no"}},
        conversionEvents={"signup": "drop"},
    )
    assert json.loads(entry.request.body)["metadata"] == {"referral_code": "KMN", "refCode": "no"}
    assert entry.notes == ()


def test_included_fields_go_into_metadata_of_both_calls() -> None:
    """Paths are the mapping language's; what leads nowhere is left out."""
    include = {"includeFields": {"at": "timestamp", "url": "context.page.url", "no": "$.nowhere"}}
    event = {"timestamp": "T", "context": {"page": {"url": "https://x"}}}
    expected = {"at": "T", "url": "https://x"}
    assert body(event, **include)["metadata"] == expected
    assert body({**identify(), **event}, **include)["metadata"] == expected
    assert "metadata" not in body({}, **include)


def test_an_included_field_never_replaces_what_the_event_says() -> None:
    """The event's own property stays, and the note says so."""
    entry = plan({"properties": {"at": 1}, "timestamp": "T"}, includeFields={"at": "timestamp"})
    assert json.loads(entry.request.body)["metadata"] == {"at": 1}
    assert entry.notes == ("includeFields: at is kept as the event has it",)


def test_an_included_field_may_be_the_whole_event() -> None:
    """The language's path `.` is the root; another field beside it changes nothing."""
    event = {"properties": None}
    sent = body(event, includeFields={"id": "messageId", "all": "."})["metadata"]
    assert sent["all"]["event"] == "Order Completed"
    assert sent["id"] == sent["all"]["messageId"] == "m"


def test_included_fields_may_have_any_name() -> None:
    """A name with an @ is no directive here."""
    assert body({}, includeFields={"@path": "messageId"})["metadata"] == {"@path": "m"}


def test_referral_conflict_is_carried_for_the_delivery() -> None:
    """Planning does not use it; it is parked unless the file says otherwise."""
    assert load(None).settings.referral_conflict == "park"
    resend = load(b'{"settings": {"referralConflict": "resend"}}')
    assert resend.settings.referral_conflict == "resend"


def test_notes_never_hold_values() -> None:
    """Notes are logged; what a user did or is called stays out of logs."""
    secret = "s3cr3t"
    entry = plan(
        {"event": "signup", "properties": {"refCode": secret, "at": secret}, "timestamp": secret},
        eventNames={"signup": "Signup"},
        conversionEvents={"Signup": "drop"},
        includeFields={"at": "timestamp", "id": "messageId"},
    )
    assert len(entry.notes) == 4
    assert secret not in " ".join(entry.notes)


def test_the_guide_has_a_row_for_every_setting() -> None:
    """With its default and what it does."""
    guide = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)
    assert sorted(rows) == sorted(SHAPE["properties"])


def test_the_guide_s_example_is_valid() -> None:
    """What a reader copies must load."""
    guide = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    example = re.search(r"^    \{\n(?:    .*\n)+", guide, re.MULTILINE)
    assert example
    load(example[0].encode())
