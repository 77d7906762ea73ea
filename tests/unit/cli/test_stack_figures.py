"""How a stack's figures are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.stack.figures import MAX_DATAPOINTS, Figures
from tests.unit.cli.cutover.aws_side import AwsSide


class Asked(AwsSide):
    """Keeps what CloudWatch was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Any] = {}

    def get_metric_statistics(self, **asked: Any) -> Mapping[str, Any]:
        """Give two figures."""
        self.asked = asked
        return {"Datapoints": [{"Sum": 2.0}, {"Sum": 3.0}]}


@given(st.floats(1.7e9, 1.8e9), st.floats(0.1, 400 * 86_400.0))
def test_cloudwatch_is_asked_as_it_can_answer(since: float, span: float) -> None:
    """At most 1,440 figures, of the whole time, in periods that CloudWatch keeps for so long."""
    aws: Any = Asked()
    figures = Figures(aws.stack, aws, aws)
    assert figures.total("EventsReceived", since, since + span) == 5

    begin, end = aws.asked["StartTime"].timestamp(), aws.asked["EndTime"].timestamp()
    period = aws.asked["Period"]
    assert begin <= since < since + span <= end
    assert (end - begin) / period <= MAX_DATAPOINTS
    assert period % (60 if span < 14 * 86_400 else 300 if span < 62 * 86_400 else 3_600) == 0


def test_no_time_has_no_figures() -> None:
    """Of an empty time CloudWatch is not asked."""
    aws: Any = Asked()
    assert Figures(aws.stack, aws, aws).total("EventsReceived", 5.0, 5.0) == 0
    assert aws.asked == {}
