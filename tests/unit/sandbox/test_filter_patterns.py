"""Tests of CloudWatch Logs' filter patterns, by what AWS documents of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.sandbox.aws_answers import Refused
from tools.sandbox.aws_filter_patterns import compile_pattern
from tools.sandbox.aws_log_events import LogEvent


def matches(pattern: str, message: str | dict[str, Any]) -> bool:
    """Tell whether an event with this message matches."""
    text = message if isinstance(message, str) else json.dumps(message)
    return compile_pattern(pattern)(LogEvent(0, 0, "group", "stream", text + "\n"))


SEEN: dict[str, Any] = {
    "a": "x",
    "n": 5,
    "f": 1.5,
    "yes": True,
    "none": None,
    "in": {"ner": "deep"},
    "message_id": "m-1",
    "quoted": 'a "b" \\c',
    "list": ["x"],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.a = "x" }', True),
        ("{ $.a = x }", True),
        ('{ $.a = "y" }', False),
        ('{ $.a != "y" }', True),
        ('{ $.absent != "y" }', False),
        ('{ $.a = "x" && $.n = 5 }', True),
        ('{ $.a = "y" || $.n = 5 }', True),
        ('{ $.a = "y" && $.n = 5 || $.f = 1.5 }', True),
        ('{ $.a = "y" && ($.n = 5 || $.f = 1.5) }', False),
        ('{$.message_id="m-1"}', True),
        ('{ $.message_id = "m-*" }', True),
        ('{ $.message_id = "m-?" }', False),
        ('{ $.in.ner = "deep" }', True),
        ("{ $.n > 4 }", True),
        ("{ $.n >= 5.5 }", False),
        ("{ $.n < 5 }", False),
        ("{ $.f <= 1.5 }", True),
        ("{ $.a > 1 }", False),
        ("{ $.yes IS TRUE }", True),
        ("{ $.yes IS FALSE }", False),
        ("{ $.none IS NULL }", True),
        ("{ $.absent IS NULL }", False),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.none NOT EXISTS }", False),
        (r'{ $.quoted = "a \"b\" \\c" }', True),
        ('{ $.list = "x" }', False),
        ("", True),
        ("deep", True),
        ("Deep", False),
        ("deep absent", False),
        ("?deep ?absent", True),
        ("deep -absent", True),
        ("deep -ner", False),
        ('"m-1"', True),
    ],
)
def test_a_pattern_matches_what_aws_says(pattern: str, expected: bool) -> None:
    """A pattern for JSON compares properties; terms are looked for in the text."""
    assert matches(pattern, SEEN) is expected


@pytest.mark.parametrize("message", ["text", "[]", "{", "", "12"])
def test_a_pattern_for_json_matches_nothing_else(message: str) -> None:
    """An event that is no JSON object does not match, whatever is asked of it."""
    assert not matches("{ $.a NOT EXISTS }", message)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.a = "x"',
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = %x% }",
        "{ $.a[0] = 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a IS ODD }",
        "{ $.a NOT 1 }",
        '{ $.a > "x" }',
        "[ip, user]",
        "m-1",
        "x" * 1025,
    ],
)
def test_another_pattern_is_refused(pattern: str) -> None:
    """A mistake, or what the stand-in does not know, has AWS's error code."""
    with pytest.raises(Refused) as caught:
        compile_pattern(pattern)
    assert caught.value.code == "InvalidParameterException"


@given(st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=30))
def test_a_quoted_text_is_found_as_it_is(text: str) -> None:
    """With backslashes before backslashes and quotation marks, any text can be compared."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert matches(f'{{ $.a = "{quoted}" }}', {"a": text})
    assert not matches(f'{{ $.a = "{quoted}" }}', {"a": text + "x"})
