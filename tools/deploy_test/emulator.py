"""`python -m tools.deploy_test.emulator`: runs ministack 1.5.33 with what it lacks of AWS.

Each function adds one behaviour of AWS that ministack lacks or has otherwise; its docstring says
what AWS does. `docs/sandbox.md` lists them, and what stays different. The code changes private
parts of ministack, so its version is pinned. The emulator is set up by environment variables.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import apigateway, cloudformation, cloudwatch_logs, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]
HANDLERS = provisioners._RESOURCE_HANDLERS


def add_missing_behaviour() -> None:
    """Add all of it. To be called once, before the emulator starts."""
    metric_math_alarms()
    openapi_routes()
    layers_in_opt()
    authorised_names()
    names_of_a_stack()
    names_in_use()
    log_groups()
    event_source_role()
    move_tasks()


def metric_math_alarms() -> None:
    """CloudFormation accepts an alarm on `Metrics`. Here it is kept and never evaluated."""
    plain = provisioners._cw_metric_alarm_record

    def record(name: str, props: Properties) -> Properties:
        single = {key: value for key, value in props.items() if key != "Metrics"}
        if "Metrics" in props:
            single |= {"Namespace": "-", "MetricName": "-"}
        alarm: Properties = plain(name, single)
        return alarm | {"Metrics": props.get("Metrics", [])}

    provisioners._cw_metric_alarm_record = record


def openapi_routes() -> None:
    """API Gateway imports the `Body` of an HTTP API: each operation becomes a route."""
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


def _beforehand(kind: str, check: Callable[[Properties], None]) -> None:
    """Call `check`, which may raise ValueError, with the properties of each resource of a kind."""
    create = HANDLERS[kind]["create"]

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        check(props)
        return create(logical_id, props, stack_name)

    HANDLERS[kind]["create"] = created


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
    """Layers are in /opt. Here, variables with such paths get those of the unpacked layers."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    place = "    # After sys.path is complete"
    if script.count(place) != 1:
        raise RuntimeError(
            "ministack's worker has changed: tools/deploy_test/emulator.py must follow"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(place, _LAYERS_JOINED + place)


def authorised_names() -> None:
    """IAM checks a batch of SQS as its single action, and `GetParametersByPath` by its path."""
    action, resource = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def named(service: str, *arguments: Any) -> str | None:
        found: str | None = action(service, *arguments)
        return found.removesuffix("Batch") if found and service == "sqs" else found

    def located(
        service: str, method: str, path: str, headers: Properties, body: bytes, *rest: Any
    ) -> str:
        if service == "ssm" and headers.get("x-amz-target", "").endswith(".GetParametersByPath"):
            body = json.dumps({"Name": json.loads(body)["Path"].rstrip("/")}).encode()
        return str(resource(service, method, path, headers, body, *rest))

    iam_actions.extract_iam_action = named
    iam_actions.extract_resource_arn = located


def names_of_a_stack() -> None:
    """CloudFormation generates other names for a second stack of the same name."""
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
    """CloudFormation does not create a resource under a name that is in use."""
    for kind, key, taken in (
        ("AWS::SQS::Queue", "QueueName", sqs._queue_name_to_url),
        ("AWS::Logs::LogGroup", "LogGroupName", cloudwatch_logs._log_groups),
    ):

        def free(props: Properties, key: str = key, taken: Any = taken) -> None:
            if props[key] in taken:
                raise ValueError(f"{props[key]} already exists")

        _beforehand(kind, free)


def log_groups() -> None:
    """Log lines for a deleted log group are lost: a function's role may not create it again."""
    write = lambda_svc._emit_lambda_logs

    def emit(function: Properties, *arguments: Any, **named: Any) -> None:
        config = function.get("config") or function
        if config["LoggingConfig"]["LogGroup"] in cloudwatch_logs._log_groups:
            write(function, *arguments, **named)

    lambda_svc._emit_lambda_logs = emit


def event_source_role() -> None:
    """Lambda refuses an event source if the function's role may not read the queue."""

    def allowed(props: Properties) -> None:
        function = provisioners._lambda_function_for_cfn_ref(props["FunctionName"])[0]
        role, queue = function["config"]["Role"], props["EventSourceArn"]
        _, _, _, region, account, _ = queue.split(":")
        policies = iam_evaluator._gather_role_policies(role.rpartition("/")[2], account)
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            asked = iam_evaluator.EvalContext(
                role, "AssumedRole", account, f"sqs:{action}", queue, region
            )
            if iam_evaluator.evaluate(asked, policies).decision != "Allow":
                raise ValueError(
                    f"The provided execution role does not have permissions to call {action} on SQS"
                )

    _beforehand("AWS::Lambda::EventSourceMapping", allowed)


def move_tasks() -> None:
    """SQS moves the visible messages of a dead-letter queue to another queue. Here all at once."""

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
    add_missing_behaviour()
    sys.argv = ["ministack"]
    app.main()
