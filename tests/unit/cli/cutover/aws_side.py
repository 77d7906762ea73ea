"""A stack for the command's tests: boto3's clients as far as `cutover` uses them, on one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segment_rehook.aws.parameters import cutover_from, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.cutover.command import run_cutover
from segment_rehook_cli.cutover.report import Report
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.durations import MINUTE
from tools.fakes.surroundings import FakeClock

PATH = "/segment-rehook/prod"
OUTPUTS = {
    "SecretsPath": PATH,
    "DeadLetterQueueUrl": "https://sqs/1/dead.fifo",
    "ParkingLotUrl": "https://sqs/1/lot.fifo",
    "IngestLogGroup": "/ingest",
    "RedriveLogGroup": "/redrive",
}


class TickingClock(FakeClock):
    """A clock that calls `passed` after each sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        """Let time pass, and the rest of the world with it."""
        super().sleep(seconds)
        self.passed()


class AwsSide:
    """SSM, SQS, CloudWatch and its logs in memory.

    `puts`: the parameters' changes with their times. `oldest` and `seen`: the ages of what waits,
    as SQS and as redrive know them. `lines`: the log lines by group.
    """

    def __init__(self) -> None:
        self.clock = TickingClock()
        self.values: dict[str, tuple[str, float]] = {}
        self.changes: list[tuple[str, str | None, float]] = []
        self.waiting, self.parked = 0, 0
        self.metrics: dict[str, int] = {"EventsReceived": 7}
        self.oldest: float | None = None
        self.seen: float | None = None
        self.lines: dict[str, list[dict[str, Any]]] = {"/ingest": [], "/redrive": []}

    def client(self, _service: str, **_options: Any) -> AwsSide:
        """Give itself: it is each of the clients."""
        return self

    @property
    def stack(self) -> Stack:
        """The stack whose clients are this object."""
        session: Any = self
        return Stack(
            name="prod",
            account="1",
            region="eu-west-1",
            outputs=OUTPUTS,
            parameters={},
            session=session,
        )

    @property
    def mode(self) -> Mode:
        """The mode, as the functions read it."""
        return mode_from(self.values.get("mode", (None, 0.0))[0], PATH)[0]

    @property
    def cutover(self) -> float | None:
        """The cut-over, as the functions read it."""
        return cutover_from(self.values.get("cutover", (None, 0.0))[0], PATH)[0]

    def run(
        self, action: str, at: float | None = None, *, listed: Path | None = None, yes: bool = True
    ) -> None:
        """Run an action of the command."""
        run_cutover(self.stack, action, at, Report(listed, as_json=False), self.clock, yes=yes)

    def put(self, name: str, value: str) -> None:
        """Put a parameter now, by another hand."""
        self.values[name] = (value, self.clock.now())

    # SSM

    class exceptions:  # noqa: N801 — boto3's name
        """As a client of boto3 has them."""

        class ParameterNotFound(Exception):
            """There is no such parameter."""

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """Give one parameter."""
        name = Name.removeprefix(f"{PATH}/")
        if name not in self.values:
            raise self.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.values[name][0]}}

    def get_parameters(self, *, Names: list[str]) -> dict[str, Any]:  # noqa: N803 — as above
        """Give those that are there."""
        return {
            "Parameters": [
                {"Name": f"{PATH}/{name}", "Value": value, "LastModifiedDate": _moment(since)}
                for name, (value, since) in self.values.items()
                if f"{PATH}/{name}" in Names
            ]
        }

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> None:  # noqa: N803 — as above
        """Put a parameter."""
        name = Name.removeprefix(f"{PATH}/")
        self.put(name, Value)
        self.changes.append((name, Value, self.clock.now()))

    def delete_parameters(self, *, Names: list[str]) -> None:  # noqa: N803 — as above
        """Remove parameters."""
        for each in Names:
            name = each.removeprefix(f"{PATH}/")
            self.values.pop(name, None)
            self.changes.append((name, None, self.clock.now()))

    # SQS, CloudWatch

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803 — as above
        """Give how many messages are in a queue: half of them hidden."""
        count = self.waiting if "dead" in QueueUrl else self.parked
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(count // 2),
                "ApproximateNumberOfMessagesNotVisible": str(count - count // 2),
                "ApproximateNumberOfMessagesDelayed": "0",
            }
        }

    def get_paginator(self, _operation: str, /) -> AwsSide:
        """Give itself: GetMetricData is the one operation that is asked in pages."""
        return self

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Give one value for the whole time, in its last minute."""
        at = _moment(asked["EndTime"] - MINUTE)
        for query in asked["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            if metric["Namespace"] == "AWS/SQS":
                value = self.oldest
            elif metric["MetricName"] == "DeadLetterAge":
                value = self.seen
            elif metric["Dimensions"] == [{"Name": "service", "Value": "ingest"}]:
                value = self.metrics.get(metric["MetricName"])
            else:
                value = None
            points = ([], []) if value is None else ([at], [float(value)])
            result = {"Id": query["Id"], "Timestamps": points[0], "Values": points[1]}
            yield {"MetricDataResults": [result]}

    def filter_log_events(self, **asked: Any) -> Mapping[str, Any]:
        """Give the lines from a time on, one a page. The pattern is the sandbox's business."""
        lines = self.lines[asked["logGroupName"]]
        number = int(asked.get("nextToken", "0"))
        found = [
            each for each in lines[number : number + 1] if each["timestamp"] >= asked["startTime"]
        ]
        more = number + 1 < len(lines)
        return {"events": found, **({"nextToken": str(number + 1)} if more else {})}

    def log(self, group: str, text: str) -> None:
        """Add a line now."""
        lines = self.lines[group]
        at = int(self.clock.now() * 1_000)
        lines.append({"eventId": f"{group}{len(lines)}", "timestamp": at, "message": text})


def _moment(since: float) -> datetime:
    return datetime.fromtimestamp(since, UTC)
