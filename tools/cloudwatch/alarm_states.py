"""Which state an alarm has after each period, by CloudWatch's rules for missing data.

Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data". CloudWatch
looks at more periods than it evaluates; how many is not documented. Its examples look at 5 for 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.cloudwatch.metric_math import Series, evaluate
from tools.cloudwatch.watched import number

if TYPE_CHECKING:
    from collections.abc import Mapping

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
LOOKED_AT_MORE = 2
"""Periods that CloudWatch looks at beyond those that it evaluates: in its examples."""

Tree = dict[str, Any]


def states(alarm: Tree, series: Mapping[str, Series], before: str = OK) -> list[str]:
    """Give the alarm's state after each period.

    `alarm`: its properties in the template. `series`: values of each period by the ids of its
    metrics; of an alarm on one metric, under `metric`. `before`: the state at the beginning.
    """
    expressions = [each["Expression"] for each in alarm.get("Metrics", ()) if "Expression" in each]
    length = len(next(iter(series.values())))
    looked_at = int(number(alarm["EvaluationPeriods"])) + LOOKED_AT_MORE
    found = []
    state = before
    for end in range(1, length + 1):
        seen = {name: values[max(0, end - looked_at) : end] for name, values in series.items()}
        values = evaluate(expressions[0], seen) if expressions else seen["metric"]
        state = _state(alarm, values, state)
        found.append(state)
    return found


def _state(alarm: Tree, values: Series, before: str) -> str:
    periods = int(number(alarm["EvaluationPeriods"]))
    needed = int(number(alarm.get("DatapointsToAlarm", periods)))
    known = [value for value in values if value is not None][-periods:]
    breaching = [value >= number(alarm["Threshold"]) for value in known]
    absent = periods - len(known)
    match alarm["TreatMissingData"]:
        case "ignore" if not known:
            return before
        case "ignore" if absent:
            # Neither a state that the missing ones could change, nor one that they could not.
            if sum(breaching) >= needed:
                return ALARM
            return before if sum(breaching) + absent >= needed else OK
        case "notBreaching" | "ignore":
            return ALARM if sum(breaching) >= needed else OK
    raise ValueError(f"TreatMissingData: {alarm['TreatMissingData']} is not known here")
