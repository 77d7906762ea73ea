"""Tests of `evaluate`: it answers each line with one line, whatever the line is."""

from __future__ import annotations

import json

import pytest

from segment_rehook_cli.mapping.evaluate import MAX_DEPTH, evaluate


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ('{"mapping": {"a": {"@path": "$.b"}}, "input": {"b": 25.0}}', '{"output":{"a":25}}'),
        ('{"mapping": {"@path": "$.no"}, "input": {}}', "{}"),
        (
            b'{"mapping": {"a": {"@path": "$.b"}}, "input": {"b": "\xc3\xa9"}}',
            r'{"output":{"a":"\u00e9"}}',
        ),
        ('{"mapping": {"a": "\\ud83d\\ude00\\ud83d"}}', r'{"output":{"a":"\ud83d\ude00\ud83d"}}'),
        ('{"mapping": {"a": 1e999}}', '{"output":{"a":null}}'),
        ('{"mapping": {"a": 9007199254740993}}', '{"output":{"a":9007199254740993}}'),
        ('{"fql": "type = \\"a\\"", "event": {"type": "a"}}', '{"match":true}'),
        ('{"fql": "type = \\"a\\""}', '{"match":false}'),
        ('{"mapping": {"a": 1}, "input": []}', '{"error":"data must be an object, got array"}'),
        ('{"mapping": {"@x": 1}, "input": {}}', '{"error":"/ has an invalid directive: @x."}'),
    ],
)
def test_a_line_is_answered(line: str | bytes, answer: str) -> None:
    """An answer is what `JSON.stringify` writes of the engine's answer, in ASCII."""
    assert list(evaluate([line])) == [answer]


@pytest.mark.parametrize("line", ["", "{", "[]", "5", "{}", b"\xff", '{"fql": 5}', '{"fql": ""}'])
def test_what_is_no_question_is_answered_by_an_error(line: str | bytes) -> None:
    """Each line has an answer, also an empty one, so that answers are in the lines' order."""
    (answer,) = evaluate([line])
    assert list(json.loads(answer)) == ["error"]


def test_deep_nesting_is_followed_as_far_as_the_engine_does() -> None:
    """A line may nest deeper than an event, up to MAX_DEPTH levels; beyond, it is an error."""
    deep = '{"mapping": {"a": {"@path": "$.a"}}, "input": {"a": %s}}'
    near, beyond = ("[" * levels + "]" * levels for levels in (600, MAX_DEPTH + 1))
    assert list(evaluate([deep % near])) == [f'{{"output":{{"a":{near}}}}}']
    assert "error" in json.loads(next(iter(evaluate([deep % beyond]))))
