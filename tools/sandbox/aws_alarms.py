"""CloudWatch's alarms: the template's, in the states that were ordered. None is evaluated."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tools.sandbox.aws_answers import Refused, page
from tools.sandbox.intrinsics import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.aws_stacks import StackRecord

MAX_ALARMS: Final = 100
_NUMBERS: Final = frozenset({"DatapointsToAlarm", "EvaluationPeriods", "Period"})
_BOOLEANS: Final = frozenset({"ActionsEnabled", "ReturnData"})

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]


class AlarmOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The state that an alarm is to have. ``name``: the alarm's own."""

    name: str
    state: State
    reason: str = ""


class AwsAlarms:
    """The operations by their names."""

    def __init__(self) -> None:
        self._alarms: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "DescribeAlarms": self._describe,
            "SetAlarmState": self._set,
        }

    def record(self, stack: StackRecord) -> None:
        """Have the alarms of this stack; those that there were keep their states."""
        self._alarms = {
            name: self._alarms.get(name) or _alarm(name, properties)
            for name, properties in stack.alarms.items()
        }

    def order(self, order: AlarmOrder) -> None:
        """Set the state of an alarm. Raises ValueError for one that there is not."""
        if order.name not in self._alarms:
            raise ValueError(f"no such alarm; there are {', '.join(self._alarms) or 'none'}")
        self._alarms[order.name] |= {
            "StateValue": order.state,
            "StateReason": order.reason,
            "StateUpdatedTimestamp": time.time(),
        }

    def _set(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["AlarmName"] not in self._alarms:
            raise Refused("ResourceNotFound", "There is no such alarm", HTTPStatus.NOT_FOUND)
        try:
            order = {"name": asked["AlarmName"], "state": asked["StateValue"]}
            self.order(msgspec.convert(order | {"reason": asked["StateReason"]}, AlarmOrder))
        except msgspec.ValidationError as error:
            raise Refused("ValidationError", str(error)) from error
        return {}

    def _describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix", "")
        if names is not None and prefix:
            raise Refused("ValidationError", "AlarmNames and AlarmNamePrefix exclude each other")
        found = [
            alarm
            for name, alarm in sorted(self._alarms.items())
            if (names is None or name in names)
            and name.startswith(prefix)
            and asked.get("StateValue", alarm["StateValue"]) == alarm["StateValue"]
            and "MetricAlarm" in asked.get("AlarmTypes", ["MetricAlarm"])
        ]
        most = int(asked.get("MaxRecords", MAX_ALARMS))
        if not 1 <= most <= MAX_ALARMS:
            raise Refused("ValidationError", f"MaxRecords is a number from 1 to {MAX_ALARMS}")
        wrong = Refused("InvalidNextToken", "The next token specified is invalid.")
        shown, token = page(found, most, asked.get("NextToken"), wrong)
        return {
            "MetricAlarms": shown,
            "CompositeAlarms": [],
            **({"NextToken": token} if token else {}),
        }


def _alarm(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [],
        **{key: _typed(key, value) for key, value in properties.items() if key != "Tags"},
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateReason": "No alarm is evaluated in the sandbox",
        "StateUpdatedTimestamp": time.time(),
    }


def _typed(key: str, value: Any) -> Any:
    """A template's value as the API has it: parameters are text there."""
    match value:
        case dict():
            return {name: _typed(name, member) for name, member in value.items()}
        case list():
            return [_typed(key, member) for member in value]
    if key in _NUMBERS:
        return int(value)
    if key in _BOOLEANS:
        return str(value).lower() == "true"
    return float(value) if key == "Threshold" else value
