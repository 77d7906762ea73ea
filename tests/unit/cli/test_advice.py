"""Tests of `validate`'s advice: each case of it, and a similar file that gets none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from segment_rehook.rehook.actions import DEFAULT_SUBSCRIPTIONS
from segment_rehook_cli.main import app
from segment_rehook_cli.mapping.advice.triggers import read_trigger
from segment_rehook_cli.mapping.evaluate import evaluate
from tests.conformance.generated.cases import GENERATORS

ROOT = Path(__file__).parents[3]
SHIPPED = [
    ROOT / "layers" / "destination" / "destination.json",
    *sorted((ROOT / "presets").glob("*.json")),
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
USER = {"@path": "$.userId"}


def verdict(file: object) -> dict[str, Any]:
    """Return what `validate --json` prints about a file."""
    text = file if isinstance(file, str) else json.dumps(file)
    result = CliRunner().invoke(app, ["validate", "-", "--json"], input=text)
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if found["valid"] else 1)
    return found


def tracked(**changes: Any) -> dict[str, Any]:
    """Return a file with one valid subscription, with these members changed."""
    sound = {
        "id": "s",
        "actionSlug": "trackEvent",
        "trigger": 'type = "track"',
        "settings": {"event_name": {"@path": "$.event"}, "source_id": USER},
    }
    return {"subscriptions": [{**sound, **changes}]}


def metadata(value: object) -> dict[str, Any]:
    """Return a file whose only subscription sends this value as `metadata.x`."""
    fields = {"event_name": {"@path": "$.event"}, "source_id": USER, "metadata": {"x": value}}
    return tracked(settings=fields)


def advised(file: object) -> list[tuple[str, str]]:
    """Return the places and messages of the advice on a file without mistakes."""
    found = verdict(file)
    assert found["mistakes"] == []
    return [(each["place"], each["message"]) for each in found["advice"]]


TRIGGERS = [
    # what is written, what is said of it, what is meant
    ("total > 20", "did you mean properties.total?", "properties.total > 20"),
    ("property.total > 20", "did you mean properties.total?", "properties.price > 20"),
    ("event = 'Button Clicked'", 'did you mean "Button Clicked"?', 'event = "Button Clicked"'),
    ("contains(event, 'Order')", 'did you mean "Order"?', 'contains(event, "It\'s")'),
    ('event is "X"', '"is" is not an operator', 'event contains "X"'),
    ('event == "X"', "did you mean =?", 'event="X"'),
    ('event <> "X"', "did you mean !=?", 'event != "X"'),
    ('event in ("A", "B")', "did you mean or?", '(event = "A" or event = "B")'),
    ('!(event = "X")', 'did you mean event != "X"?', '(event != "X")'),
    ('!(contains(event, "X"))', "! before the bracket is ignored", '!contains(event, "X")'),
    ('!event = "X"', "! before event is ignored", 'event != "X"'),
    ('not event = "X"', '"not" is ignored', 'event != "not this"'),
    ("anonymousId != null", "a trigger can't read anonymousId", "userId != null"),
    ("integrations.All = true", "a trigger can't read integrations", "context.active = true"),
    ("messageId", "a trigger can't read messageId", "userId != null"),
    ('contains(total, "x")', "the condition on total is ignored", 'contains(context.ip, "1")'),
    ('startsWith(event, "A")', "startsWith( ) is not a function", 'match(event, "A*")'),
    ('match(event, "Order")', 'did you mean "Order*"?', 'match(event, "*Order")'),
    ('match(event, "*Order*")', 'did you mean contains( , "Order")?', 'match(event, "*")'),
    ('event = "Order*"', 'did you mean match(event, "Order*")?', 'event = "A*B"'),
    ("event = Signed Up", '"Up" is ignored', "event = Signed"),
    ("event != null", "holds for every event", "userId != null"),
    ('event.name = "x"', "event.name reads event itself", 'context.event.name = "x"'),
    ("properties.ok != true", "did you mean = false?", "properties.ok = false"),
    ('properties.at > "2024-01-01"', "compares only numbers", 'properties.at > "20"'),
    ('type = "identify"', 'types "track" and "identify" at once', 'type != "identify"'),
    ('event = "A" and event = "B"', "exclude each other; did you mean or?", 'event = "A"'),
    (
        "properties.n > 5 and properties.n < 3",
        "conditions on properties.n exclude each other",
        "properties.n > 3 and properties.n < 3.1",
    ),
    (
        'match(event, "A*") and !contains(event, "A")',
        "conditions on event exclude each other",
        'match(event, "A*") and match(event, "*A") and contains(event, "B")',
    ),
    ('traits.plan = "pro"', "did you mean context.traits?", 'context.traits.plan = "pro"'),
    ('name = "Home"', "did you mean event?", 'name != "Home"'),
    (
        '(event != "A" or event != "B")',
        "always holds; did you mean and?",
        '(event != "A" and event != "B")',
    ),
    ('event = "A" or event = "B"', 'mixes "and" with "or"', '(event = "A" or event = "B")'),
    (
        '(contains(event, "A") or event = "B")',
        "do not put a function inside brackets",
        '(event = "A" or event = "B") and contains(event, "A")',
    ),
    ('event = "A" OR event = "B"', "write it in lower case, or", 'event = "A" AND userId = "B"'),
]  # fmt: skip


@pytest.mark.parametrize(("written", "said", "meant"), TRIGGERS, ids=[row[0] for row in TRIGGERS])
def test_a_condition_that_is_hardly_meant_is_pointed_out(
    written: str, said: str, meant: str
) -> None:
    """A wrong condition in a trigger gets advice with a correction, and the correction none."""
    found = advised(tracked(trigger=f'type = "track" and {written}'))
    assert {place for place, _ in found} == {"subscriptions[0].trigger"}
    assert any(said in message for _, message in found), found
    assert advised(tracked(trigger=f'type = "track" and {meant}')) == []


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ('type = "Track"', 'did you mean "track"?'),
        ('type = "purchase"', ""),
        ('type = "identify" and plan = "pro"', "did you mean traits.plan?"),
        ('type = "identify" and event = "X"', "identify events have no event"),
        ('type = "identify" and event != "X"', ""),
        ('type = "page" and event = "Home"', "did you mean name?"),
        ('type = "identify" and properties.a = 1', "did you mean traits?"),
        ('event = "X"', ""),
    ],
)
def test_a_trigger_is_looked_at_for_the_types_it_can_match(trigger: str, said: str) -> None:
    """Advice depends on the members that the trigger's types have; unknown types may have any."""
    file = tracked(trigger=trigger, settings={"event_name": "e", "source_id": USER})
    found = advised(file)
    assert bool(found) is bool(said)
    assert all(said in message for _, message in found), found


VALUES: list[tuple[object, str, object]] = [
    ("{{properties.total}}", '{"@template": "{{properties.total}}"}', {"@literal": "{{a}}"}),
    ("for {{$.event}}", '{"@template": "for {{event}}"}', {"@template": "for {{event}}"}),
    ("{{ event | upcase }}", '{"@liquid": ', {"@liquid": "{{ event | upcase }}"}),
    ("$.event", '{"@path": "$.event"}', "$5.00"),
    ("$._metadata.x", '{"@path": "$._metadata.x"}', "$.50"),
    ("properties.total", '{"@path": "$.properties.total"}', "properties"),
    ({"@if": {"exists": "$.event", "then": 1}}, '{"@path": "$.event"}', "userId"),
    ({"@path": "$.propertes.total"}, "did you mean $.properties.total?", {"@path": "$.total"}),
    ({"@path": "$.userid"}, "did you mean $.userId?", {"@path": "$.session.userid"}),
    ({"@path": "{{event}}"}, "a path has no {{ }}", {"@path": "event"}),
    ({"@path": "$"}, "never has a value", {"@path": "$."}),
    ({"@path": "$.properties.items[*].a"}, "@arrayPath", {"@path": "$.properties.items[0].a"}),
    ({"@path": "$.event.properties.a"}, "$.properties.a", {"@path": "$.event.length"}),
    ({"@arrayPath": ["$.propertes.a", {"x": 1}]}, "$.properties.a", {"@path": "$.context.a"}),
    ({"@template": "{{$.event}}"}, "paths without $.", {"@template": "{{event}}"}),
    ({"@template": "{{propertes.a}}"}, "did you mean properties.a?", {"@template": "plain"}),
    ({"@template": "$.event"}, "@path $.event", {"@template": "$5"}),
    ({"@template": "{{ event | upcase }}"}, "are for @liquid", {"@template": "a | b"}),
    ({"@liquid": "{{ event | upcse }}"}, "did you mean upcase?", {"@liquid": "{{ a | upcase }}"}),
    ({"@liquid": "{{ propertes.a }}"}, "did you mean properties?", {"@liquid": "{{ total }}"}),
    (
        {"@liquid": "{{ user }}"},
        "did you mean userId?",
        {"@liquid": "{% assign user = event %}{{ user }}"},
    ),
    (
        {"@liquid": "{% if event %}{{ event | sort }}{% endif %}"},
        'takes this branch: filter "sort" is disabled',
        {"@liquid": "{% if event %}{{ event | size }}{% endif %}"},
    ),
    (
        {"@if": {"exists": USER, "then": {"@case": {"operator": "title", "value": USER}}}},
        "fails on every event that takes this branch",
        {"@if": {"exists": USER, "then": {"@case": {"operator": "upper", "value": USER}}}},
    ),
    (
        {"@transform": {"apply": {"a": {"@path": "$.propertes"}}, "mapping": {}}},
        "did you mean $.properties?",
        {"@transform": {"apply": {"user": USER}, "mapping": {"@path": "$.user"}}},
    ),
    (
        {"@merge": {"direction": "left", "objects": [{"@path": "$.trait"}]}},
        "did you mean $.traits?",
        {"@arrayPath": ["$.properties.items", {"a": {"@path": "$.trait"}}]},
    ),
]


@pytest.mark.parametrize(("written", "said", "meant"), VALUES, ids=[str(row[0]) for row in VALUES])
def test_a_value_that_is_hardly_meant_is_pointed_out(
    written: object, said: str, meant: object
) -> None:
    """A text, path or template that is probably wrong gets advice; its correction gets none."""
    found = advised(metadata(written))
    assert all(place.startswith("subscriptions[0].settings.metadata.x") for place, _ in found)
    assert any(said in message for _, message in found), found
    assert advised(metadata(meant)) == []


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"source_id": "userId"}, "source_id", '{"@path": "$.userId"}'),
        ({"event_name": ""}, "event_name", "every event is dropped"),
        ({"event_name": {"a": 1}}, "event_name", "must be a string"),
        ({"metadata": 5}, "metadata", "is not an object"),
        ({"metadata": None}, "", ""),
        ({"event_name": {"@path": "$.name"}}, "event_name", "which track events do not have"),
        ({"event_name": {"@template": "{{name}}"}}, "event_name", "which track events do not"),
        ({"event_name": {"@template": "a {{name}}"}}, "", ""),
        (
            {"event_name": {"@if": {"exists": {"@path": "$.name"}, "then": {"@path": "$.name"}}}},
            "event_name",
            "which track events do not have",
        ),
        (
            {"event_name": {"@if": {"exists": USER, "then": {"@path": "$.name"}, "else": "x"}}},
            "",
            "",
        ),
    ],
    ids=repr,
)
def test_a_field_that_drops_every_event_is_pointed_out(
    fields: dict[str, object], place: str, said: str
) -> None:
    """A field gets advice if it has no value and needs one, or if its type drops every event."""
    settings = {"event_name": {"@path": "$.event"}, "source_id": USER, **fields}
    found = advised(tracked(settings=settings))
    assert [where for where, _ in found] == ([f"subscriptions[0].settings.{place}"] if said else [])
    assert all(said in message for _, message in found), found


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("order_id", "only the first event is delivered"),
        ("$.properties.order_id", '{"@path": "$.properties.order_id"}'),
        ({"@path": "$.propertes.order_id"}, "did you mean $.properties.order_id?"),
        ({"@path": "$.properties.order_id"}, ""),
        ({"@template": "{{userId}}-once"}, ""),
        ("", ""),
    ],
    ids=repr,
)
def test_a_business_key_that_is_no_key_is_pointed_out(key: object, said: str) -> None:
    """An idempotencyKey gets advice if it is the same for all events or has a wrong path."""
    found = advised(tracked(idempotencyKey=key))
    assert bool(found) is bool(said)
    assert not said or any(said in message for _, message in found), found


RENAMED = {"eventNames": {"Order Completed": "order_success"}}
SIGN_UP = tracked(
    trigger='type = "track" and event = "Signed Up"',
    settings={"event_name": "signup", "source_id": USER},
)
PROFILE = {
    "subscriptions": [
        {
            "id": "s",
            "actionSlug": "identifyUser",
            "trigger": 'type = "identify"',
            "settings": {
                "source_id": USER,
                "metadata": {"first_name": {"@path": "$.traits.firstName"}, "language": 1},
            },
        }
    ]
}
SETTINGS: list[tuple[dict[str, Any], dict[str, Any], str, dict[str, Any]]] = [
    (
        tracked(),
        {**RENAMED, "conversionEvents": {"Order Completed": "direct"}},
        'has the name "order_success"',
        {**RENAMED, "conversionEvents": {"order_success": "direct", "other": "drop"}},
    ),
    (
        tracked(),
        {"eventNamePrefix": "x: ", "conversionEvents": {"signup": "direct"}},
        'has the name "x: signup"',
        {"eventNamePrefix": "x: ", "conversionEvents": {"x: signup": "direct"}},
    ),
    (
        SIGN_UP,
        {"conversionEvents": {"Signed Up": "direct"}},
        'has the name "signup"',
        {"conversionEvents": {"signup": "direct"}},
    ),
    (
        SIGN_UP,
        {"conversionEvents": {"sign_up": "direct"}},
        'did you mean "signup"?',
        {"conversionEvents": {"signup": "drop"}},
    ),
    (
        SIGN_UP,
        {"eventNames": {"Signed Up": "x"}},
        'has the name "signup"',
        {"eventNames": {"signup": "x"}},
    ),
    (
        PROFILE,
        {"traitNames": {"firstName": "x"}},
        "did you mean first_name?",
        {"traitNames": {"first_name": "x"}},
    ),
    (
        PROFILE,
        {"traitNames": {"langauge": "x"}},
        "did you mean language?",
        {"traitNames": {"language": "x"}},
    ),
    (
        {"subscriptions": DEFAULT_SUBSCRIPTIONS},
        {"includeFields": {"x": "propertes.x"}},
        "did you mean $.properties.x?",
        {"includeFields": {"x": "properties.x"}, "traitNames": {"anything": "y"}},
    ),
    (
        tracked(trigger='type = "page"', settings={"event_name": "e", "source_id": USER}),
        {"eventTypes": {"page": "ignore"}},
        "keeps all page events from a subscription",
        {"eventTypes": {"screen": "ignore"}},
    ),
]


@pytest.mark.parametrize(("file", "written", "said", "meant"), SETTINGS, ids=repr)
def test_a_setting_for_a_name_that_never_comes_by_is_pointed_out(
    file: dict[str, Any], written: dict[str, Any], said: str, meant: dict[str, Any]
) -> None:
    """A setting gets advice if it names an event or trait that no mapping can give."""
    found = advised({**file, "settings": written})
    assert all(place.startswith("settings.") for place, _ in found)
    assert any(said in message for _, message in found), found
    assert advised({**file, "settings": meant}) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"@liquid": "{% if a %}"}, "fails on every event: tag {% if a %} not closed"),
        ({"@liquid": "{% for x in y %}"}, 'fails on every event: tag "for" is disabled'),
        ({"@liquid": "{{ a | map: 'x' }}"}, 'fails on every event: filter "map" is disabled'),
        ({"@liquid": "x" * 1001}, "fails on every event: liquid template values are limited"),
        (
            {"@case": {"operator": "title", "value": USER}},
            "fails on every event that has a value for it: operator key should have",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_fails_on_every_event_is_a_mistake(value: object, message: str) -> None:
    """A mapping that always throws is a mistake; in a disabled subscription it is advice."""
    file = metadata(value)
    found = verdict(file)
    assert (found["valid"], found["subscriptions"], found["advice"]) == (False, [], [])
    (mistake,) = found["mistakes"]
    assert mistake["place"].startswith("subscriptions[0].settings.metadata.x.@")
    assert mistake["message"].startswith(message)
    file["subscriptions"][0]["enabled"] = False
    ((place, said),) = advised(file)
    assert place == mistake["place"]
    assert said.startswith("will fail when the subscription is enabled: ")


def test_advice_is_given_beside_mistakes() -> None:
    """One run reports mistakes and advice, also on a subscription that has a mistake."""
    file = tracked(
        trigger="total > 20",
        settings={"source_id": {"@pth": 1}, "event_name": "$.event", "metadata": {"@liquid": "{%"}},
    )
    found = verdict({**file, "settings": {"unknown": 1, "includeFields": {"x": "trait.x"}}})
    assert [each["place"] for each in found["mistakes"]] == [
        "settings.unknown",
        "subscriptions[0].trigger",
        "subscriptions[0].settings.source_id",
        "subscriptions[0].settings.metadata.@liquid",
    ]
    assert [each["place"] for each in found["advice"]] == [
        "settings.includeFields.x",
        "subscriptions[0].trigger",
        "subscriptions[0].settings.event_name",
    ]


def test_a_person_can_tell_advice_from_mistakes() -> None:
    """Mistakes and then advice are printed on standard error, and advice is marked as advice."""
    file = {**tracked(trigger='type = "track" and total > 5'), "settings": {"unknown": 1}}
    result = CliRunner().invoke(app, ["validate", "-"], input=json.dumps(file))
    assert result.exit_code == 1
    mistake, advice = result.stderr.splitlines()
    assert mistake.startswith("standard input: settings.unknown is not known here")
    assert advice.startswith("standard input: advice: subscriptions[0].trigger the condition on")


@pytest.mark.parametrize("text", ["", "[]", "5", '{"subscriptions": [5, {"settings": 1}]}', "\xff"])
def test_a_file_that_can_hardly_be_read_gets_its_mistakes_and_no_crash(text: str) -> None:
    """A file that can't be read as a destination has mistakes, no advice, and no traceback."""
    found = verdict(text)
    assert found["mistakes"]
    assert found["advice"] == []


def examples() -> list[tuple[str, dict[str, Any]]]:
    """Return every destination file in the pages, from fenced and indented blocks."""
    found = []
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r"```json[^\n]*\n(.*?)```", text, re.DOTALL)
        blocks += [
            re.sub(r"^    ", "", block, flags=re.MULTILINE)
            for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
        ]
        for block in blocks:
            try:
                value = json.loads(block)
            except ValueError:
                continue
            if isinstance(value, dict) and "trigger" in value:
                value = {"subscriptions": [value]}
            if isinstance(value, dict) and {"subscriptions", "settings"} & value.keys():
                found.append((f"{page.relative_to(ROOT)}", value))
    return found


def test_what_is_shipped_or_shown_gets_no_advice() -> None:
    """The shipped file, presets, examples in pages and Segment's defaults get no advice."""
    shown = examples()
    assert {"docs/mappings.md", "docs/settings.md"} <= {page for page, _ in shown}
    files = [file.read_text() for file in SHIPPED]
    files += [json.dumps({"subscriptions": DEFAULT_SUBSCRIPTIONS}), "{}"]
    files += [json.dumps(value) for _, value in shown]
    for file in files:
        assert advised(file) == [], file


def test_a_trigger_that_matches_an_event_is_not_said_to_match_none() -> None:
    """A generated trigger that is said to match no event does not match the generated event."""
    rng = Random(8)
    said = 0
    for _ in range(4000):
        case = GENERATORS["fql"](rng)
        fql = str(case["fql"])
        messages = read_trigger(fql).advice
        if any("exclude each other" in each or "at once" in each for each in messages):
            said += 1
            assert not matches(fql, case["event"]), case
    assert said > 20, "the generator no longer makes such triggers"


def matches(fql: str, event: object) -> bool:
    """Return whether `segment-rehook evaluate` says that the trigger matches."""
    (answer,) = evaluate([json.dumps({"fql": fql, "event": event})])
    return bool(json.loads(answer).get("match"))
