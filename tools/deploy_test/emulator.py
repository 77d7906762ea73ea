"""``python -m tools.deploy_test.emulator``: ministack 1.5.33 with corrections in its own process.

Each function corrects one difference between ministack and AWS; its docstring says what AWS does.
``docs/sandbox.md`` lists the corrections and the differences that remain. The corrections replace
private parts of the emulator, so its version is pinned. The emulator's settings are environment
variables.
"""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway, cloudformation, cloudwatch_logs, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

from tools.deploy_test import emulator_iam
from tools.deploy_test.emulator_resources import HANDLERS, beforehand

if TYPE_CHECKING:
    from tools.deploy_test.emulator_resources import Properties


def fill() -> None:
    """Apply every correction. It is called once, before the emulator serves."""
    metric_math_alarms()
    query_definitions()
    openapi_routes()
    layers_in_opt()
    emulator_iam.authorised_names()
    emulator_iam.statements()
    names_of_a_stack()
    names_in_use()
    log_groups()
    emulator_iam.event_source_role()
    move_tasks()


def metric_math_alarms() -> None:
    """CloudFormation accepts an alarm on `Metrics`. Here it is stored, and never evaluated."""
    plain = provisioners._cw_metric_alarm_record

    def record(name: str, props: Properties) -> Properties:
        single = {key: value for key, value in props.items() if key != "Metrics"}
        if "Metrics" in props:
            single |= {"Namespace": "-", "MetricName": "-"}
        alarm: Properties = plain(name, single)
        return alarm | {"Metrics": props.get("Metrics", [])}

    provisioners._cw_metric_alarm_record = record


def query_definitions() -> None:
    """CloudFormation saves a query of Logs Insights. Here it is accepted, and never run."""

    def accepted(props: Properties) -> None:
        for name in ("Name", "QueryString"):
            if not props.get(name):
                raise ValueError(f"AWS::Logs::QueryDefinition requires {name}")
        for group in props.get("LogGroupNames", []):
            if group not in cloudwatch_logs._log_groups:
                raise ValueError(f"The specified log group does not exist: {group}")

    def created(_logical_id: str, props: Properties, _stack_name: str) -> Any:
        accepted(props)
        id_ = str(uuid.uuid4())
        return id_, {"QueryDefinitionId": id_}

    def updated(id_: str, _old: Properties, new: Properties, *_names: str) -> Any:
        accepted(new)
        return id_, {"QueryDefinitionId": id_}

    def deleted(_id: str, _props: Properties) -> None:
        """Nothing is kept."""

    HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": created,
        "update": updated,
        "delete": deleted,
    }


def openapi_routes() -> None:
    """Each operation in the `Body` of an HTTP API becomes a route with its integration."""
    handlers = HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def imported(api_id: str, props: Properties) -> None:
        routes: dict[str, Properties] = {}
        integrations: dict[str, Properties] = {}
        for path, operations in props["Body"]["paths"].items():
            for method, operation in operations.items():
                found = operation["x-amazon-apigateway-integration"]
                number = f"operation{len(routes)}"
                integration = {
                    "IntegrationUri": found["uri"],
                    "PayloadFormatVersion": found["payloadFormatVersion"],
                    "TimeoutInMillis": found["timeoutInMillis"],
                }
                route = {
                    "RouteKey": f"{method.upper()} {path}",
                    "Target": f"integrations/{number}",
                }
                integrations[number] = {
                    "integrationId": number
                } | provisioners._apigw_v2_integration_props(integration)
                routes[number] = {"routeId": number} | provisioners._apigw_v2_route_props(route)
        apigateway._routes[api_id] = routes
        apigateway._integrations[api_id] = integrations

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        result = create(logical_id, props, stack_name)
        imported(result[0], props)
        return result

    def updated(api: str, old: Properties, new: Properties, *names: str) -> Any:
        result = update(api, old, new, *names)
        imported(result[0], new)
        return result

    handlers.update(create=created, update=updated)


_LAYERS_JOINED = """
    # Lambda unpacks the layers into /opt, and its image holds nothing of the emulator's packages.
    sys.path[:] = [each for each in sys.path if "site-packages" not in each]
    for _name, _value in list(os.environ.items()):
        if _value.startswith("/opt/"):
            for _ld in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep):
                if os.path.exists(_ld + _value[len("/opt"):]):
                    os.environ[_name] = _ld + _value[len("/opt"):]
"""


def layers_in_opt() -> None:
    """A layer is in /opt. Here a variable with the path of such a file gets its real path."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    place = "    # After sys.path is complete"
    if script.count(place) != 1:
        raise RuntimeError(
            "ministack's worker has changed: tools/deploy_test/emulator.py must follow"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(place, _LAYERS_JOINED + place)


def names_of_a_stack() -> None:
    """CloudFormation generates other names for a second stack with the same name."""
    plain = provisioners._physical_name

    def name(stack_name: str, logical_id: str, **options: Any) -> str:
        stack_id = cloudformation._stacks.get(stack_name, {}).get("StackId", "")
        token = provisioners._NAME_SEED.set(provisioners._NAME_SEED.get() + stack_id)
        try:
            return str(plain(stack_name, logical_id, **options))
        finally:
            provisioners._NAME_SEED.reset(token)

    provisioners._physical_name = name


def names_in_use() -> None:
    """CloudFormation does not create a resource whose name is in use; ministack replaces it."""
    for kind, key, taken in (
        ("AWS::SQS::Queue", "QueueName", sqs._queue_name_to_url),
        ("AWS::Logs::LogGroup", "LogGroupName", cloudwatch_logs._log_groups),
    ):

        def free(props: Properties, key: str = key, taken: Any = taken) -> None:
            if props[key] in taken:
                raise ValueError(f"{props[key]} already exists")

        beforehand(kind, free)


def log_groups() -> None:
    """A role that may not create log groups loses what it logs into a deleted log group."""
    write = lambda_svc._emit_lambda_logs

    def emit(function: Properties, *arguments: Any, **named: Any) -> None:
        config = function.get("config") or function
        if config["LoggingConfig"]["LogGroup"] in cloudwatch_logs._log_groups:
            write(function, *arguments, **named)

    lambda_svc._emit_lambda_logs = emit


def move_tasks() -> None:
    """SQS moves a dead-letter queue's visible messages to another queue; here at once."""

    def start(request: Properties, _url: str) -> Properties:
        queues = {each["attributes"]["QueueArn"]: each for each in sqs._queues.values()}
        source, target = queues[request["SourceArn"]], queues.get(request.get("DestinationArn"))
        policies = [each["attributes"].get("RedrivePolicy", "{}") for each in queues.values()]
        if not any(request["SourceArn"] in policy for policy in policies):
            raise sqs._Err(
                "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
            )
        # A message that was sent here directly has no source that it could go back to.
        moved = [
            each for each in source["messages"] if target and each["visible_at"] <= time.time()
        ]
        for each in moved:
            sqs._act_send_message(
                {
                    "QueueUrl": target["url"] if target else "",
                    "MessageBody": each["body"],
                    "MessageAttributes": each["message_attributes"],
                    "MessageGroupId": each["group_id"],
                    "MessageDeduplicationId": each["dedup_id"],
                },
                "",
            )
            source["messages"].remove(each)
        return {"TaskHandle": "moved"}

    sqs._HANDLERS["StartMessageMoveTask"] = start


if __name__ == "__main__":
    fill()
    sys.argv = ["ministack"]
    app.main()
