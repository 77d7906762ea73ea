"""Tests of reading the log's lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.outcome_line import OutcomeLine
from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.why.history import step_of
from tests.unit.cli.log_lines import NOW, text

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
)


def test_a_field_of_the_functions_is_read() -> None:
    """Each field that the functions write is one that is read, except those that say it twice."""
    written = set(OutcomeLine.__struct_fields__) - {"receive_count"}
    assert written <= set(LoggedOutcome.__struct_fields__)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "START RequestId",
        "[]",
        "{",
        '{"message": "request refused"}',
        '{"message": "outcome"}',
        '{"message": "outcome", "outcome": 1}',
    ],
)
def test_any_other_line_is_none(line: str) -> None:
    """A line of another kind is passed over."""
    assert read_line(line, NOW) is None


@given(st.dictionaries(st.sampled_from(LoggedOutcome.__struct_fields__), VALUES))
def test_fields_of_another_type_are_missing(fields: dict[str, object]) -> None:
    """Whatever a later version writes, a line can be shown."""
    line = json.dumps({**fields, "message": "outcome", "outcome": "stored"})
    found = read_line(line, NOW)
    assert found is not None
    assert found.at == NOW
    assert isinstance(found.message_id, str | None)
    step_of(found)


def test_the_next_try_and_the_time_in_the_queue_follow_from_the_line() -> None:
    """Both count from the line's time."""
    found = read_line(text("stored", next_try_seconds=60, age_seconds=600), NOW)
    assert found is not None
    assert (found.next_try_at, found.stored_at) == (NOW + 60, NOW - 600)


def test_tries_of_an_older_version_are_its_receives() -> None:
    """Functions that did not log `tries` logged the receive count."""
    found = read_line(text("stored", receive_count=4), NOW)
    assert found is not None
    assert found.tries == 4
