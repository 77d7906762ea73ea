"""Loading destination.json: what is taken, and that every mistake is named with its place."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.rehook.actions import DEFAULT_SUBSCRIPTIONS
from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook.rehook.settings import Settings

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "layers" / "destination" / "destination.json"


def subscription(**changes: Any) -> dict[str, Any]:
    """Give a sound subscription, changed; None takes a member away."""
    sound = {
        "name": "Orders",
        "actionSlug": "trackEvent",
        "enabled": True,
        "trigger": 'type = "track"',
        "settings": {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}},
    }
    return {key: value for key, value in {**sound, **changes}.items() if value is not None}


def mistakes(raw: object) -> dict[str, str]:
    """Load what must not load; give its mistakes by place."""
    with pytest.raises(DestinationInvalid) as caught:
        load(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    return {mistake.place: mistake.message for mistake in caught.value.mistakes}


def ids(*subscriptions: dict[str, Any]) -> list[str]:
    """Load subscriptions; give their ids."""
    text = json.dumps({"subscriptions": subscriptions}).encode()
    return [each.id for each in load(text).subscriptions]


@pytest.mark.parametrize("text", [None, b"{}", b'{"settings": {}}', SHIPPED.read_bytes()])
def test_without_a_file_and_as_shipped_the_rules_are_segment_s_own(text: bytes | None) -> None:
    """No file, an empty file and the shipped file give Segment's two subscriptions and no rules."""
    destination = load(text)
    assert [each.definition for each in destination.subscriptions] == DEFAULT_SUBSCRIPTIONS
    assert [each.id for each in destination.subscriptions] == ["identify-user", "track-event"]
    assert destination.settings == Settings()


def test_no_subscriptions_at_all_are_allowed() -> None:
    """An empty list of subscriptions is allowed, and sends nothing."""
    assert ids() == []


def test_an_id_is_the_given_one_or_the_name_s_slug() -> None:
    """An id depends on neither the order nor the content, so that it survives edits."""
    given = subscription(id="sub_8Zx", settings={})
    named = subscription(name="  Order — Completed! (v2) ")
    foreign = subscription(name="注文 完了")
    assert ids(given, named, foreign) == ["sub_8Zx", "order-completed-v2", "注文-完了"]


def test_what_segment_s_public_api_exports_is_taken() -> None:
    """An exported subscription can be pasted in with all its members."""
    exported = subscription(
        id="x",
        actionId="a",
        destinationId="d",
        modelId="",
        reverseETLModelId=1,
        createdAt="2024-01-01",
        updatedAt="2024-01-01",
    )
    exported["reverseETLSchedule"] = None
    assert ids(exported) == ["x"]


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"trigger": "type ="}, "", ""),
        ({"trigger": 'typ = "track"'}, "trigger", "can't be parsed"),
        ({"trigger": " "}, "trigger", "must not be empty"),
        ({"trigger": None}, "", "has no trigger"),
        ({"settings": None}, "", "has no settings"),
        ({"settings": [1]}, "settings", "must be an object, not a list"),
        ({"settings": {"source_id": {"@pth": "$.a"}}}, "settings.source_id", "invalid directive"),
        ({"actionSlug": "track"}, "actionSlug", '"identifyUser", "trackEvent"'),
        ({"enabled": "yes"}, "enabled", "must be true or false, not a string"),
        ({"id": "a:b"}, "id", "without a colon"),
        ({"id": "x" * 101}, "id", "100 characters"),
        ({"id": ""}, "id", "must not be empty"),
        ({"name": None}, "", "neither an id nor a name"),
        ({"name": "!!!"}, "", "neither an id nor a name"),
        ({"triger": 'type = "track"'}, "triger", "did you mean trigger?"),
        ({"idempotencyKey": {"@template": 5}}, "idempotencyKey.@template", "should be a string"),
    ],
    ids=repr,
)
def test_a_mistake_in_a_subscription_is_named_with_its_place(
    changes: dict[str, Any], place: str, said: str
) -> None:
    """Each mistake stands alone at its place, and says what is allowed there."""
    if not said:
        assert ids(subscription(**changes)) == ["orders"], "Segment's parser takes this one"
        return
    found = mistakes({"subscriptions": [subscription(id="first"), subscription(**changes)]})
    assert list(found) == [f"subscriptions[1].{place}".rstrip(".")]
    assert said in next(iter(found.values()))


@pytest.mark.parametrize("part", ["settings", "idempotencyKey"])
def test_what_throws_on_every_event_is_a_mistake_where_it_would_run(part: str) -> None:
    """An enabled subscription that always throws is a mistake; a disabled one is not."""
    broken = {"@liquid": "{% for x in y %}"}
    changes: dict[str, Any] = {"idempotencyKey": broken}
    place = "subscriptions[0].idempotencyKey.@liquid"
    if part == "settings":
        changes = {"settings": {"source_id": {"@literal": broken}, "metadata": {"@x": 1}}}
        place = "subscriptions[0].settings.source_id.@literal.@liquid"
    found = mistakes({"subscriptions": [subscription(**changes)]})
    assert found.pop(place) == 'fails on every event: tag "for" is disabled, line:1, col:1'
    assert set(found) <= {"subscriptions[0].settings.metadata"}
    if part == "idempotencyKey":
        assert ids(subscription(**changes, enabled=False)) == ["orders"]


@pytest.mark.parametrize(
    "value",
    [
        {"@case": {"operator": "title", "value": {"@path": "$.properties.note"}}},
        {"@if": {"exists": {"@path": "$.a"}, "then": {"@liquid": "{% for x in y %}"}}},
        {"@liquid": "{% if a %}{{ a | sort }}{% endif %}"},
        {"@arrayPath": ["$.properties.items", {"a": {"@liquid": "{%"}}]},
    ],
    ids=repr,
)
def test_what_throws_on_some_events_only_stops_no_start(value: dict[str, Any]) -> None:
    """A subscription that throws on some events loads, because it delivers the others."""
    fields = {"event_name": "e", "source_id": "u", "metadata": {"x": value}}
    assert ids(subscription(settings=fields)) == ["orders"]


def test_all_mistakes_are_named_at_once() -> None:
    """All mistakes are named at once, in the file's order."""
    found = mistakes(
        {
            "subscriptons": [],
            "settings": {"eventNamePrefx": "x", "maxEventAgeHours": 0},
            "subscriptions": [
                5,
                subscription(settings={"metadata": {"@path": 1}, "source_id": {"@x": 1}}),
                subscription(enabled=1),
            ],
        }
    )
    assert list(found) == [
        "subscriptons",
        "settings.eventNamePrefx",
        "settings.maxEventAgeHours",
        "subscriptions[0]",
        "subscriptions[1].settings.metadata.@path",
        "subscriptions[1].settings.source_id",
        "subscriptions[2].enabled",
    ]


def test_settings_of_the_wrong_type_are_named_and_looked_into_no_further() -> None:
    """Settings of the wrong type are one mistake, and their content is not checked."""
    assert mistakes({"settings": {"traitNames": 5}}) == {
        "settings.traitNames": "must be an object, not a number"
    }
    assert mistakes({"settings": []}) == {"settings": "must be an object, not a list"}


def test_two_subscriptions_of_one_id_are_a_mistake() -> None:
    """Two subscriptions with one id are a mistake; the message names the other one."""
    found = mistakes({"subscriptions": [subscription(), subscription(name="orders!")]})
    assert found == {
        "subscriptions[1]": 'has the id "orders", as subscriptions[0] does; give one of them an id'
    }


def test_at_most_fifty_subscriptions_are_taken() -> None:
    """Segment's limit of fifty subscriptions holds, with disabled ones counted."""
    many = [subscription(name=f"s {number}", enabled=False) for number in range(51)]
    assert len(ids(*many[:50])) == 50
    assert mistakes({"subscriptions": many}) == {
        "subscriptions": "has 51 entries; at most 50 are allowed"
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1"),
        (b'{\n  "settings": {}\n  "x"', "line 3"),
        (b"\xff", "is not JSON"),
        (b"[" * 5000, "is not JSON"),
        (b"[]", "must be an object, not a list"),
        (b"null", "must be an object, not null"),
    ],
)
def test_a_file_that_is_no_json_object_says_where_it_breaks(text: bytes, said: str) -> None:
    """The error names the line of the first mistake, whatever the bytes."""
    assert said in mistakes(text)[""]


KEYS = st.sampled_from(
    [
        "settings",
        "subscriptions",
        "name",
        "id",
        "actionSlug",
        "trigger",
        "enabled",
        "@path",
        "@if",
        "traitNames",
        "eventNames",
        "includeFields",
        "conversionEvents",
        "check",
        "allowedEvents",
        "maxEventAgeHours",
        "idempotencyKey",
        "metadata",
        "__segment_internal_directive",
        "@",
    ]
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.sampled_from(["trackEvent", 'type = "track"', "direct", "$.userId", "iso-639-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def places(raw: object) -> list[str] | None:
    """Load anything; give the places of its mistakes, None if it has none."""
    try:
        load(json.dumps(raw).replace("Infinity", "1e999").encode())
    except DestinationInvalid as invalid:
        return [mistake.place for mistake in invalid.mistakes]
    return None


@given(raw=JUNK | st.fixed_dictionaries({"settings": JUNK, "subscriptions": st.lists(JUNK)}))
def test_whatever_the_file_holds_it_loads_or_is_refused(raw: object) -> None:
    """Any file loads or is refused with at least one mistake; no other error is raised."""
    assert places(raw) != []


@given(settings=JUNK.filter(lambda each: isinstance(each, dict)), key=JUNK)
def test_whatever_a_mapping_holds_it_loads_or_is_refused(settings: object, key: object) -> None:
    """Any mapping loads or has mistakes with places in the file."""
    raw = {"subscriptions": [subscription(settings=settings, idempotencyKey=key)]}
    assert all(place.startswith("subscriptions[0].") for place in places(raw) or ())


def test_the_error_s_text_names_places_and_reads_as_sentences() -> None:
    """The error's text alone is enough to correct the file."""
    with pytest.raises(DestinationInvalid, match=r"^settings\.referralConflict must be one of"):
        load(b'{"settings": {"referralConflict": "retry"}}')


def test_a_mark_before_the_file_is_skipped() -> None:
    """A byte order mark before the file is skipped, as `validate` does."""
    text = SHIPPED.read_bytes()
    marked = load(codecs.BOM_UTF8 + text)
    assert [item.id for item in marked.subscriptions] == [
        item.id for item in load(text).subscriptions
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}".encode("utf-16"), "is utf-16, and must be JSON in UTF-8"),
        ("{}".encode("utf-16-le"), "is utf-16-le, and must be JSON in UTF-8"),
        (gzip.compress(b"{}"), "is gzip, and must be JSON in UTF-8"),
        (
            '{\n  "settings": "é"}'.encode("latin-1"),
            "is not JSON: line 2, column 16: not UTF-8; it looks like Latin-1: save it as UTF-8",
        ),
        (b'{\n  "settings": NaN}', "is not JSON: line 2, column 15: NaN is not JSON"),
        (b'{\n  "settings": {},}', "is not JSON: line 2, column "),
        (b"[" * 200 + b"]" * 200, "is not JSON: nested deeper than 128 levels"),
    ],
    ids=range(7),
)
def test_what_the_function_could_not_read_is_a_mistake(content: bytes, said: str) -> None:
    """A file in another format is refused, and the format is named."""
    assert mistakes(content)[""].startswith(said)


def test_the_version_is_of_the_files_bytes() -> None:
    """The version is what `sha256sum destination.json` begins with, so that a person finds it."""
    text = b'{"subscriptions": []}'
    assert load(text).version == hashlib.sha256(text).hexdigest()[:12]
    assert load(text + b"\n").version != load(text).version
    assert load(codecs.BOM_UTF8 + text).version != load(text).version


def test_the_default_rules_have_a_version_too() -> None:
    """Without a file the version is that of Segment's subscriptions: the same in each process."""
    assert re.fullmatch("[0-9a-f]{12}", load(None).version)
    assert load(None).version == load(None).version
