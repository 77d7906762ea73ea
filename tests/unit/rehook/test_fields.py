"""Field rules: the values, verdicts and sentences of Segment's own check.

The differential tests in tests/conformance hold the same against the engine itself; these are the
rules that a reader should be able to find in one place.
"""

from __future__ import annotations

import msgspec
import pytest

from segment_rehook.mapping.fields import FieldsInvalid, check_fields
from segment_rehook.mapping.values import UNDEFINED
from segment_rehook.rehook.actions import IDENTIFY_USER, TRACK_EVENT

IDENTIFY_FIELDS = {field.name: field for field in IDENTIFY_USER.fields}
TRACK_FIELDS = {field.name: field for field in TRACK_EVENT.fields}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("u1", "u1"),
        (" ", " "),
        (123, "123"),
        (25.0, "25"),
        (1e21, "1e+21"),
        (True, "true"),
        (["a"], "a"),
        ([7], "7"),
        ([None], ""),
        ([""], ""),
    ],
    ids=repr,
)
def test_a_required_text_is_coerced_as_ajv_does(value: object, sent: str) -> None:
    """Numbers, booleans and lists of one become text; a lone null becomes empty text."""
    assert check_fields({"source_id": value}, IDENTIFY_FIELDS) == {"source_id": sent}


@pytest.mark.parametrize("value", [None, "", UNDEFINED], ids=repr)
def test_an_empty_required_field_is_missing(value: object) -> None:
    """Null, empty text and undefined count as no value, in the engine's own words."""
    with pytest.raises(FieldsInvalid) as caught:
        check_fields({"source_id": value}, IDENTIFY_FIELDS)
    assert str(caught.value) == "The root value is missing the required field 'source_id'."
    assert caught.value.missing == {"source_id"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({}, "an object"),
        ([], "an array"),
        (["a", "b"], "an array"),
        ([{}], "an object"),
        ([UNDEFINED], "undefined"),
        pytest.param(msgspec.Raw(b"{}"), "an object", id="undecoded"),
    ],
    ids=repr,
)
def test_what_can_not_become_text_is_refused(value: object, found: str) -> None:
    """The sentence names the field by its title and the type that was found, never the value."""
    with pytest.raises(FieldsInvalid, match=f"^Source ID must be a string but it was {found}.$"):
        check_fields({"source_id": value}, IDENTIFY_FIELDS)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, {"referral_code": None}),
        ("", {}),
        (UNDEFINED, {}),
        (0, {"referral_code": "0"}),
        ([""], {"referral_code": None}),
        ([None], {"referral_code": ""}),
    ],
    ids=repr,
)
def test_a_nullable_field_keeps_null_and_leaves_out_empty_text(value: object, sent: object) -> None:
    """Null is sent as null; what is empty or undefined is left out."""
    checked = check_fields({"source_id": "u", "referral_code": value}, IDENTIFY_FIELDS)
    assert checked == {"source_id": "u", **(sent if isinstance(sent, dict) else {})}


def test_a_nullable_field_does_not_take_text_out_of_a_list() -> None:
    """A nullable field refuses a list of one text, with the engine's sentence."""
    with pytest.raises(FieldsInvalid) as caught:
        check_fields({"source_id": "u", "referral_code": ["a"]}, IDENTIFY_FIELDS)
    assert str(caught.value) == "Referral Code must be a string or null but it was a string."


@pytest.mark.parametrize("value", ["", None, UNDEFINED], ids=repr)
def test_an_empty_object_field_is_left_out(value: object) -> None:
    """Metadata that is empty text, null or undefined is left out without an error."""
    assert check_fields({"source_id": "u", "metadata": value}, IDENTIFY_FIELDS) == {
        "source_id": "u"
    }


def test_mistakes_come_in_the_engine_s_order() -> None:
    """Missing fields come first, then misfits in the action's order, in one text."""
    with pytest.raises(FieldsInvalid) as caught:
        check_fields({"metadata": "text", "event_name": {}}, TRACK_FIELDS)
    assert str(caught.value) == (
        "The root value is missing the required field 'source_id'. "
        "Event Name must be a string but it was an object. "
        "Event Properties must be an object but it was a string."
    )


def test_unknown_fields_are_dropped_and_the_mapping_s_order_is_kept() -> None:
    """Unknown fields are left out, except the one that the engine exempts."""
    payload = {"metadata": {}, "extra": 1, "dynamicAuthSettings": 2, "source_id": 3}
    checked = check_fields(payload, IDENTIFY_FIELDS)
    assert list(checked.items()) == [
        ("metadata", {}),
        ("source_id", "3"),
        ("dynamicAuthSettings", 2),
    ]


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (None, "undefined"),
        ("", "undefined"),
        (UNDEFINED, "undefined"),
        ([], "an array"),
        ("x", "a string"),
        (1, "a number"),
    ],
    ids=repr,
)
def test_a_payload_that_is_no_object_is_refused(payload: object, found: str) -> None:
    """A payload that is no object is refused; null and empty text count as undefined."""
    with pytest.raises(
        FieldsInvalid, match=f"^The root value must be an object but it was {found}"
    ):
        check_fields(payload, IDENTIFY_FIELDS)
