"""Tests of explanations: what they hold, and how they are put into words."""

from __future__ import annotations

import json

from segment_rehook.rehook.destination import Destination
from segment_rehook_cli.mapping.explain import Explanation, explain
from segment_rehook_cli.mapping.explanation_text import Remark, remarks
from tests.unit.cli.destinations import FIELDS, destination, event, subscription


def explained(rules: Destination, **members: object) -> Explanation:
    """Return the explanation of the first subscription."""
    return explain(rules, event(**members))[0]


def test_a_subscription_that_takes_the_event_is_explained_field_by_field() -> None:
    """The words say that it matched, and for each field what it reads, gives and sends."""
    rules = destination(subscription(), eventNamePrefix="shop:")
    matched, name, *_, note = remarks(explained(rules))
    assert matched == Remark("matched", "the trigger matches the values in `saw`")
    assert name == Remark(
        "event_name", 'mapping {"@path":"$.event"}\ngave "Paid"\nsent "shop:Paid"'
    )
    assert note == Remark("note", "eventNamePrefix: event_name is prefixed")


def test_a_subscription_that_does_not_is_explained_by_its_clause() -> None:
    """The words name the clause that does not hold, and there are no fields."""
    rules = destination(subscription(trigger='type = "track" and properties.total > 20'))
    [only] = remarks(explained(rules, properties={"total": "25"}))
    assert only.about == "not matched"
    assert only.text.startswith("properties.total > 20: properties.total is a string")


def test_why_nothing_is_sent_is_explained() -> None:
    """A rule that drops the event, a missing user and a directive that throws are all said."""
    denied = explained(destination(subscription(), deniedEvents=["Paid"]))
    assert (denied["dropped"], denied["detail"]) == (
        "denied_event",
        "settings.deniedEvents names this event.",
    )
    assert "sent" not in denied["fields"]["source_id"]
    nobody = explained(destination(subscription()), userId=None)
    assert Remark("dropped", f"missing_user_id: {nobody['detail']}") in remarks(nobody)
    broken = FIELDS | {"event_name": {"@path": {"@path": "$.properties.total"}}}
    thrown = explained(destination(subscription(settings=broken)), properties={"total": 5})
    assert thrown["dropped"] == "mapping_error"
    assert "threw" in thrown["fields"]["event_name"]


def test_an_explanation_is_json() -> None:
    """An explanation can be printed, stored and sent as it is."""
    one = explained(destination(subscription(idempotencyKey={"@path": "$.messageId"})))
    assert json.loads(json.dumps(one)) == one
    assert one["idempotencyKey"] == "m1"


def test_values_in_the_words_can_not_control_a_terminal() -> None:
    """Control characters of the event are escaped in the words."""
    one = explained(destination(subscription()), event="\x1b[31m\u202e")
    text = "".join(each.text for each in remarks(one))
    assert "\\u001b[31m\\u202e" in text
    assert text.isascii()
