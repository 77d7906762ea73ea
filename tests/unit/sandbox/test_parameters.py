"""Tests of template parameters, which are checked as CloudFormation checks them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.sandbox.intrinsics import Unresolved
from tools.sandbox.parameters import values

DECLARED: dict[str, dict[str, Any]] = {
    "Seconds": {"Type": "Number", "MinValue": 3, "MaxValue": 8, "Default": 4},
    "Policy": {"Type": "String", "AllowedValues": ["retry", "park"], "Default": "retry"},
    "Days": {"Type": "Number", "AllowedValues": [1, 30], "Default": 30},
    "Url": {"Type": "String", "AllowedPattern": "https://[^/]+", "Default": "https://a"},
    "Name": {"Type": "String", "MinLength": 1, "MaxLength": 3, "Default": "a"},
    "Secret": {"Type": "String", "NoEcho": True, "MaxLength": 3, "Default": ""},
}


def test_what_is_not_given_has_its_default() -> None:
    """A parameter that is not given has its default as text, whatever type YAML gave it."""
    assert values(DECLARED, {"Seconds": "8", "Policy": "park", "Days": "1"}) == {
        "Seconds": "8",
        "Policy": "park",
        "Days": "1",
        "Url": "https://a",
        "Name": "a",
        "Secret": "",
    }


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("Seconds", "2", "3 or more, not 2"),
        ("Seconds", "8.5", "8 or less, not 8.5"),
        ("Seconds", "four", "a number"),
        ("Seconds", "", "a number"),
        ("Policy", "Park", "one of retry, park"),
        ("Days", "2", "one of 1, 30"),
        ("Url", "https://a/b", "matches"),
        ("Name", "", "1 to 3 characters"),
        ("Name", "long", "1 to 3 characters"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(name: str, value: str, wanted: str) -> None:
    """The error names the parameter and its constraint."""
    with pytest.raises(Unresolved) as refused:
        values(DECLARED, {name: value})
    assert name in str(refused.value)
    assert wanted in str(refused.value)


def test_a_value_that_must_not_be_shown_is_not() -> None:
    """An error about a NoEcho parameter does not contain its value."""
    with pytest.raises(Unresolved) as refused:
        values(DECLARED, {"Secret": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_parameter_needs_a_value() -> None:
    """A parameter without a default and without a value is refused."""
    with pytest.raises(Unresolved, match="without a value: Needed"):
        values({"Needed": {"Type": "String"}}, {})
