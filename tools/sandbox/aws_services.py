"""The services of AWS that the sandbox answers itself, by the record of its stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tools.sandbox import aws_topics as topics
from tools.sandbox.aws_alarms import AwsAlarms
from tools.sandbox.aws_answers import (
    JSON,
    JSON_1_0,
    PLAIN_JSON,
    AwsAnswer,
    Refused,
    json_refusal,
    of_json,
    of_xml,
    xml_refusal,
)
from tools.sandbox.aws_call import members_of
from tools.sandbox.aws_functions import AwsFunctions
from tools.sandbox.aws_logs import AwsLogs
from tools.sandbox.aws_metrics import AwsMetrics
from tools.sandbox.aws_stacks import NAMESPACE, Stacks
from tools.sandbox.aws_topics import AwsTopics
from tools.sandbox.published import Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

    from tools.sandbox.aws_call import Call
    from tools.sandbox.aws_stacks import StackRecord

Operation = Callable[[dict[str, Any]], dict[str, Any]]
"""What an operation does with the members that were sent. Raises Refused."""


class AwsServices:
    """All of them. ``answer`` returns None for a service that is moto's."""

    def __init__(self) -> None:
        published = Published()
        self._stacks = Stacks(published)
        self._logs = AwsLogs()
        self._functions = AwsFunctions(published)
        self._metrics = AwsMetrics(self._logs.events)
        self.alarms = AwsAlarms()
        self.topics = AwsTopics()

    def record(self, stack: StackRecord) -> None:
        """Describe a stack from now on."""
        for service in (
            self._functions,
            self._stacks,
            self._logs,
            self._metrics,
            self.alarms,
            self.topics,
        ):
            service.record(stack)

    def answer(self, call: Call, environ: WSGIEnvironment) -> AwsAnswer | None:
        """Answer a call; its body is read from ``environ``."""
        match call.service:
            case "cloudformation" if call.form is not None:
                return _query(call, self._stacks.operations(call.region), NAMESPACE)
            case "sns" if call.form is not None:
                return _query(call, self.topics.operations, topics.NAMESPACE)
            case "cloudwatch" if call.form is None:
                operations = self._metrics.operations | self.alarms.operations
                return _json(call, operations, _body(environ), JSON_1_0)
            case "logs":
                return _json(call, self._logs.operations, _body(environ))
            case "lambda":
                operations = self._functions.operations(f"http://{environ['HTTP_HOST']}")
                return _json(call, operations, lambda: members_of(environ), PLAIN_JSON)
            case "s3":
                return self._functions.content(environ["PATH_INFO"])
        return None


def _operation(call: Call, operations: Mapping[str, Operation], code: str) -> Operation:
    if call.operation not in operations:
        known = f"the sandbox answers {', '.join(operations)} only"
        raise Refused(code, f"Could not find operation {call.operation}: {known}")
    return operations[call.operation]


def _query(call: Call, operations: Mapping[str, Operation], namespace: str) -> AwsAnswer:
    try:
        operation = _operation(call, operations, "InvalidAction")
        return of_xml(call.operation, operation(call.form or {}), namespace)
    except Refused as refused:
        return xml_refusal(refused, namespace)


def _body(environ: WSGIEnvironment) -> Callable[[], Any]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return lambda: msgspec.json.decode(environ["wsgi.input"].read(length) or b"{}")


def _json(
    call: Call,
    operations: Mapping[str, Operation],
    members: Callable[[], Any],
    content_type: str = JSON,
) -> AwsAnswer:
    try:
        operation = _operation(call, operations, "UnknownOperationException")
        try:
            return of_json(operation(members()), content_type)
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            raise Refused("SerializationException", f"a member is wrong: {error}") from error
    except Refused as refused:
        return json_refusal(refused, content_type)
