"""Tests of the log lines and metrics: JSON on standard output, in CloudWatch's embedded format."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.metric_lines import MAX_VALUES, spread
from segment_rehook.delivery.outcome_line import OutcomeLine

PROGRAM = """
import sys
from segment_rehook.aws.telemetry import LambdaTelemetry
from segment_rehook.delivery.outcome_line import OutcomeLine
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
        "    line = OutcomeLine(outcome='stored', message_id='m\\ud800', milliseconds=12)\n"
        "    telemetry.outcomes([line])\n"
    )

    assert line["outcome"] == "stored"
    assert line["message_id"] == "m\ud800"
    assert (line["service"], line["function_request_id"]) == ("ingest", "req-1")
    assert line["cold_start"] is True
    assert line["milliseconds"] == 12
    assert "reason" not in line


def test_outcomes_of_one_request_are_a_line_each() -> None:
    """Each outcome has the members that all lines have, and none of another outcome's fields."""
    first, second, alone, warning, _ = lines_of(
        "with telemetry.invocation('req-1'):\n"
        "    one = OutcomeLine(outcome='stored', message_id='m1', reason='paused')\n"
        "    two, three = (OutcomeLine(outcome='dropped', message_id=m) for m in ('m2', 'é3'))\n"
        "    telemetry.outcomes([one, two])\n"
        "    telemetry.outcomes([three])\n"
        "    telemetry.outcomes([])\n"
        "    telemetry.warn('Look here.')\n"
    )

    assert [each.pop("message_id") for each in (first, second, alone)] == ["m1", "m2", "é3"]
    assert first.pop("reason") == "paused"
    assert [each.pop("outcome") for each in (first, second, alone)] == ["stored", *["dropped"] * 2]
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


def test_no_field_of_a_line_is_written_twice() -> None:
    """A line's fields are other ones than those that all lines of an invocation have."""
    [warning, _] = lines_of("with telemetry.invocation('f1'):\n    telemetry.warn('Look here.')\n")
    assert not warning.keys() & set(OutcomeLine.__struct_fields__)


def test_the_request_id_of_api_gateway_is_in_each_line() -> None:
    """Lines and warnings have API Gateway's request id, until the invocation ends."""
    lines = lines_of(
        "with telemetry.invocation('f1', request_id='r1'):\n"
        "    telemetry.warn('Look here.')\n"
        "    telemetry.outcomes([OutcomeLine(outcome='dropped'), OutcomeLine(outcome='stored')])\n"
        "with telemetry.invocation('f2'):\n"
        "    telemetry.warn('Look here.')\n"
    )

    logged = [line.get("request_id") for line in lines if "message" in line]
    assert logged == ["r1", "r1", "r1", None]


def test_a_line_has_the_trace_that_x_ray_makes() -> None:
    """Lambda makes an id of a trace always. It is in the lines of a function that is traced."""
    warnings = lines_of(
        "import os\n"
        "os.environ['_X_AMZN_TRACE_ID'] = 'Root=1-5;Parent=2;Sampled=1'\n"
        "telemetry.warn('Look here.')\n"
        "traced = LambdaTelemetry(service='traced', namespace='N', level='INFO', traced=True)\n"
        "traced.warn('Look here.')\n"
    )
    assert [line.get("xray_trace_id") for line in warnings] == [None, "1-5"]


def metrics_in(lines: list[dict[str, Any]]) -> list[tuple[str, list[float], dict[str, str]]]:
    """Give each metric's name, values and dimensions, as CloudWatch reads the lines."""
    return sorted(
        (metric["Name"], line[metric["Name"]], {name: line[name] for name in dimensions})
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    )


def test_a_dimension_is_beside_the_service() -> None:
    """What is counted by reason has the reason as a second dimension, and nothing else has it.

    A line has one value of a dimension, so a second reason needs a second line.
    """
    lines = lines_of(
        "with telemetry.invocation('r'):\n"
        "    telemetry.count('DeliveriesStored', 2, reason='paused')\n"
        "    telemetry.count('DeliveriesStored', reason='unknown')\n"
        "    telemetry.count('DeliveriesParked', 4, reason='rejected')\n"
        "    telemetry.count('AccessMatched', credential='secret-1')\n"
        "    telemetry.count('EventsStored', 3)\n"
    )

    service = {"service": "ingest"}
    assert metrics_in(lines) == [
        ("AccessMatched", [1], {**service, "credential": "secret-1"}),
        ("ColdStart", [1], service),
        ("DeliveriesParked", [4], {**service, "reason": "rejected"}),
        ("DeliveriesStored", [1], {**service, "reason": "unknown"}),
        ("DeliveriesStored", [2], {**service, "reason": "paused"}),
        ("EventsStored", [3], service),
    ]
    assert len(lines) == 3


def test_what_is_counted_at_once_is_written_before_the_work() -> None:
    """A metric that is to outlive the function is written at once, also if the process dies."""
    [line] = lines_of(
        "import os\n"
        "with telemetry.invocation('r'):\n"
        "    telemetry.count_now('EventsReceived', 7)\n"
        "    telemetry.count('EventsDelivered')\n"
        "    os._exit(0)\n"
    )

    assert line["EventsReceived"] == [7]
    assert "EventsDelivered" not in line


def test_values_are_written_one_by_one() -> None:
    """A metric of values has its unit, and at most the 100 values that EMF allows in a line."""
    [line] = lines_of(
        "with telemetry.invocation('r'):\n"
        "    for n in range(4000): telemetry.observe('RehookMilliseconds', 3999.04 - n)\n"
        "    telemetry.observe('BreakerOpen', False)\n"
    )

    values = line["RehookMilliseconds"]
    units = {each["Name"]: each["Unit"] for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert (len(values), values[0], values[-1]) == (100, 0.0, 3999.0)
    assert values == sorted(values)
    assert line["BreakerOpen"] == [0]
    assert (units["RehookMilliseconds"], units["BreakerOpen"]) == ("Milliseconds", "None")


@given(st.lists(st.floats(0, 60_000), max_size=500))
def test_the_values_that_are_kept_stand_for_all(values: list[float]) -> None:
    """The lowest and the highest value are kept, and each percentile but for one rank."""
    kept = spread(values)

    assert len(kept) == min(len(values), MAX_VALUES)
    if len(values) > MAX_VALUES:
        ranked = sorted(round(value, 1) for value in values)
        assert (kept[0], kept[-1]) == (ranked[0], ranked[-1])
        for percent in range(100):
            position = percent * (len(ranked) - 1) / 99
            assert kept[percent] in ranked[int(position) : int(position) + 2]


def test_the_same_warning_is_logged_once_an_invocation() -> None:
    """A failure that thousands of deliveries meet is one line; another one is a line of its own."""
    lines = lines_of(
        "for _ in range(2):\n"
        "    with telemetry.invocation('r'):\n"
        "        for _ in range(3): telemetry.warn_once('DynamoDB failed', code='x')\n"
        "        telemetry.warn_once('DynamoDB failed', code='y')\n"
    )

    assert [line["code"] for line in lines if "code" in line] == ["x", "y", "x", "y"]
