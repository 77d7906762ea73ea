"""How CloudWatch is asked for metrics, and what its answers become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.stack.figures import Figures
from segment_rehook_cli.stack.metrics import age_of_oldest, read_points, written_by
from segment_rehook_cli.terminal.durations import DAY, HOUR, MINUTE
from tests.unit.cli.cutover.aws_side import AwsSide

MAX_DATAPOINTS = 100_800
"""In one answer of GetMetricData."""


class Asked(AwsSide):
    """Keeps what CloudWatch was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Any] = {}

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Give each metric two points, on two pages."""
        self.asked = asked
        begin = asked["StartTime"]
        for at, value in ((begin + HOUR, 3.0), (begin, 2.0)):
            times = [datetime.fromtimestamp(at, UTC)]
            yield {
                "MetricDataResults": [
                    {"Id": query["Id"], "Timestamps": times, "Values": [value]}
                    for query in asked["MetricDataQueries"]
                ]
            }


@given(
    now=st.floats(1.7e9, 1.8e9),
    age=st.floats(13.0 * DAY, 17.0 * DAY)
    | st.floats(61.0 * DAY, 65.0 * DAY)
    | st.floats(0.1, 400.0 * DAY),
    part=st.floats(0.01, 1.0),
)
def test_cloudwatch_is_asked_as_it_can_answer(now: float, age: float, part: float) -> None:
    """The sum is of the whole time, in periods that CloudWatch keeps for so long, on one page."""
    aws: Any = Asked()
    since, until = now - age, now - age + age * part
    assert Figures(aws.stack, aws, aws).total("EventsReceived", since, now, until=until) == 5

    begin, end = aws.asked["StartTime"], aws.asked["EndTime"]
    [query] = aws.asked["MetricDataQueries"]
    period = query["MetricStat"]["Period"]
    assert begin <= since < until <= end
    assert (begin % MINUTE, end % MINUTE) == (0, 0)
    assert (end - begin) / period <= MAX_DATAPOINTS
    oldest = now - begin
    least = MINUTE if oldest < 15 * DAY else 5 * MINUTE if oldest < 63 * DAY else HOUR
    assert period % least == 0


def test_each_metric_has_its_own_points_of_all_pages() -> None:
    """The points of a metric are its values by the time at which their periods begin."""
    aws: Any = Asked()
    metrics = [
        written_by("prod", "ingest", "AccessMatched", "Sum", credential="secret-1"),
        age_of_oldest("dead.fifo"),
    ]
    found = read_points(aws, metrics, 7_230.0, 9_999.0, MINUTE)
    assert found == {each: {7_200.0: 2.0, 10_800.0: 3.0} for each in metrics}
    assert [each["MetricStat"]["Metric"] for each in aws.asked["MetricDataQueries"]] == [
        {
            "Namespace": "SegmentRehook/prod",
            "MetricName": "AccessMatched",
            "Dimensions": [
                {"Name": "service", "Value": "ingest"},
                {"Name": "credential", "Value": "secret-1"},
            ],
        },
        {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": "dead.fifo"}],
        },
    ]


def test_no_time_and_no_metric_are_not_asked_for() -> None:
    """Of an empty time CloudWatch is not asked, nor of no metric: it would refuse both."""
    aws: Any = Asked()
    assert Figures(aws.stack, aws, aws).total("EventsReceived", 5.0, 5.0) == 0
    assert read_points(aws, [], 5.0, 6.0, MINUTE) == {}
    assert aws.asked == {}
