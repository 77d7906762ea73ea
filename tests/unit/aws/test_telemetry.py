"""Tests of the log lines and metrics: JSON on standard output, in CloudWatch's embedded format."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import sys
from segment_rehook.aws.telemetry import LambdaTelemetry
telemetry = LambdaTelemetry(service="ingest", namespace="SegmentRehook", level="INFO")
"""


def lines_of(program: str) -> list[dict[str, Any]]:
    """Run this program in a process of its own; return the lines that it writes."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM + program],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_outcome_is_one_line_with_its_fields() -> None:
    """An outcome is one log line without the fields that are None; a lone surrogate is kept."""
    [line, _] = lines_of(
        "with telemetry.invocation('req-1'):\n"
        "    line = {'outcome': 'stored', 'message_id': 'm\\ud800', 'reason': None}\n"
        "    telemetry.outcomes([line])\n"
    )

    assert line["outcome"] == "stored"
    assert line["message_id"] == "m\ud800"
    assert (line["service"], line["function_request_id"]) == ("ingest", "req-1")
    assert line["cold_start"] is True
    assert "reason" not in line


def test_outcomes_of_one_request_are_a_line_each() -> None:
    """Each outcome has the members that all lines have, and none of another outcome's fields."""
    first, second, alone, warning, _ = lines_of(
        "with telemetry.invocation('req-1'):\n"
        "    telemetry.outcomes([{'message_id': 'm1', 'reason': 'paused'}, {'message_id': 'm2'}])\n"
        "    telemetry.outcomes([{'message_id': 'm3'}])\n"
        "    telemetry.outcomes([])\n"
        "    telemetry.warn('Look here.')\n"
    )

    assert [each.pop("message_id") for each in (first, second, alone)] == ["m1", "m2", "m3"]
    assert first.pop("reason") == "paused"
    assert first == second
    assert second.keys() == alone.keys() == warning.keys()
    assert (first["level"], first["message"]) == ("INFO", "outcome")


def test_a_warning_is_one_line_with_its_level() -> None:
    """A warning is one log line with the level WARNING, its text and its fields."""
    [line] = lines_of("telemetry.warn('Look here.', code='x')")

    assert (line["level"], line["message"], line["code"]) == ("WARNING", "Look here.", "x")


def test_metrics_are_added_up_and_written_at_the_end() -> None:
    """Metrics are summed per invocation and written at its end, also if it fails."""
    lines = lines_of(
        "for number in range(2):\n"
        "    try:\n"
        "        with telemetry.invocation('r'):\n"
        "            for _ in range(300): telemetry.count('Delivered')\n"
        "            telemetry.count('Stored', 5)\n"
        "            raise KeyError\n"
        "    except KeyError: pass\n"
    )

    first, second = lines
    assert first["Delivered"] == [300.0]
    assert first["Stored"] == [5.0]
    assert first["ColdStart"] == [1.0]
    assert first["service"] == "ingest"
    assert first["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "SegmentRehook"
    assert second["Delivered"] == [300.0]
    assert "ColdStart" not in second


def test_an_invocation_without_metrics_writes_none() -> None:
    """An invocation that counts nothing writes no line and causes no warning."""
    [cold_start] = lines_of("for _ in range(2):\n    with telemetry.invocation('r'): pass\n")
    assert cold_start["ColdStart"] == [1.0]
