"""When Segment received an event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.event import Event
from segment_rehook.segment.event_time import received_time, time_text, unix_time
from segment_rehook.segment.jsontext import encode

NOON = 1_768_478_400.0


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({"receivedAt": "2026-01-15T12:00:00.000Z"}, NOON, id="received"),
        pytest.param(
            {"receivedAt": "2026-01-15T12:00:00Z", "timestamp": "2020-01-01T00:00:00Z"},
            NOON,
            id="a client that was offline for years",
        ),
        pytest.param({"timestamp": "2026-01-15T13:00:00+01:00"}, NOON, id="timestamp"),
        pytest.param(
            {"receivedAt": "noon", "timestamp": "2026-01-15T12:00:00Z"}, NOON, id="unreadable"
        ),
        pytest.param({"receivedAt": 5, "timestamp": "2026-01-15T12:00:00Z"}, NOON, id="no text"),
        pytest.param(
            {"receivedAt": "0001-01-01T00:00:00+10:00", "timestamp": "9999-12-31T23:00:00-10:00"},
            None,
            id="nobody's clock",
        ),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_time_at_which_segment_received_it(
    members: dict[str, Any], expected: float | None
) -> None:
    """Segment's own clock counts, then the sender's; what is no time counts as missing."""
    assert received_time(Event.parse(encode({"type": "track", **members}))) == expected


@given(st.integers(0, 253_370_764_799_999_999))
def test_a_time_is_read_as_it_was_written(microseconds: int) -> None:
    """The text of a time gives the same time again, to the microsecond."""
    moment = microseconds / 1e6
    read = unix_time(time_text(moment))
    assert read is not None
    assert abs(read - moment) < 1e-4
