"""The parameter `cutover`: a time with its zone, and nothing is delivered if it is none."""

from __future__ import annotations

import pytest

from segment_rehook.aws.parameters import secrets_from
from segment_rehook.delivery.stack_parameters import Mode
from tests.unit.aws.test_ssm import GOOD, PATH

NOON = 1_768_478_400.0


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15T12:00:00Z",
        " 2026-01-15T12:00:00.000Z\n",
        "\ufeff2026-01-15t12:00:00z",
        "2026-01-15T13:00:00+01:00",
    ],
)
def test_a_time_is_read(text: str) -> None:
    """RFC 3339's forms are read, also with blanks around them."""
    secrets, warnings = secrets_from({**GOOD, "cutover": text}, PATH)
    assert (secrets.cutover, secrets.mode, warnings) == (NOON, Mode.DELIVER, [])


@pytest.mark.parametrize(
    "text",
    [
        *("", "noon", "2026-01-15", "2026-01-15T12:00:00", "1768478400", "2026-13-15T12:00:00Z"),
        *("2026-01-15T12:00:00Z 2026-01-15T12:00:00Z", "٢٠٢٦-01-15T12:00:00Z"),
        *("9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_time_stops_deliveries(text: str) -> None:
    """Events that the hosted destination has had may be stored, so none is delivered."""
    secrets, [warning] = secrets_from({**GOOD, "cutover": text}, PATH)
    assert (secrets.cutover, secrets.mode) == (None, Mode.PAUSE)
    assert warning.startswith("cutover is no time such as 2026-01-15T12:00:00Z: ")
    assert "segment-rehook cutover --stack prod --at TIME" in warning
    assert secrets.instructions.paused


def test_a_dry_run_stays_a_dry_run() -> None:
    """A dry run stores nothing, also if the cut-over can't be read."""
    secrets, _ = secrets_from({**GOOD, "cutover": "?", "mode": "dry-run"}, PATH)
    assert secrets.mode is Mode.DRY_RUN


def test_without_the_parameter_there_is_no_cutover() -> None:
    """A stack without the parameter delivers all events."""
    secrets, warnings = secrets_from(GOOD, PATH)
    assert (secrets.cutover, warnings) == (None, [])
    assert not secrets.instructions.discards(0.0)
