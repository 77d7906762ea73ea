"""Where ministack 1.5.33 lacks what AWS does, or does it otherwise: put right in its own process.

Each function mends one gap and says what AWS does. The list, with what stays different, is in
``docs/sandbox.md``. It reaches into the emulator's own parts, so its version is pinned.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_actions, lambda_runtime
from ministack.services import apigateway, cloudformation, cloudwatch_logs, dynamodb, sqs
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
HANDLERS = provisioners._RESOURCE_HANDLERS


def fill() -> None:
    """Fill every gap; called once, before the emulator serves."""
    metric_math_alarms()
    openapi_routes()
    layers_in_opt()
    table_settings()
    authorised_names()
    names_of_a_stack()
    names_in_use()


def metric_math_alarms() -> None:
    """CloudFormation takes an alarm on `Metrics`; here it is kept as written, never evaluated."""
    plain = provisioners._cw_metric_alarm_record

    def record(name: str, props: Properties) -> Properties:
        metrics = props.get("Metrics")
        if not metrics:
            return plain(name, props)
        if sum(bool(each.get("ReturnData", True)) for each in metrics) != 1:
            raise ValueError("Exactly one element of the metrics list should return data.")
        single = {key: value for key, value in props.items() if key != "Metrics"}
        alarm: Properties = plain(name, single | {"Namespace": "-", "MetricName": "-"})
        return alarm | {"Metrics": metrics}

    provisioners._cw_metric_alarm_record = record


def openapi_routes() -> None:
    """An HTTP API's `Body` is imported: each operation becomes a route with its integration."""
    handlers = HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def imported(api_id: str, body: Properties | None) -> None:
        routes: dict[str, Properties] = {}
        integrations: dict[str, Properties] = {}
        for path, operations in (body or {}).get("paths", {}).items():
            for method, operation in operations.items():
                found = operation.get("x-amazon-apigateway-integration")
                if found is None:
                    raise ValueError(f"{method} {path} has no integration")
                number = f"operation{len(routes)}"
                integrations[number] = {"integrationId": number} | (
                    provisioners._apigw_v2_integration_props(
                        {
                            "IntegrationUri": found["uri"],
                            "PayloadFormatVersion": found["payloadFormatVersion"],
                            "TimeoutInMillis": found.get("timeoutInMillis", 30_000),
                        }
                    )
                )
                key = f"{method.upper()} {path}"
                routes[number] = {"routeId": number} | provisioners._apigw_v2_route_props(
                    {"RouteKey": key, "Target": f"integrations/{number}"}
                )
        apigateway._routes[api_id] = routes
        apigateway._integrations[api_id] = integrations

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        result = create(logical_id, props, stack_name)
        imported(result[0], props.get("Body"))
        return result

    def updated(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str = ""
    ) -> Any:
        result = update(physical_id, old, new, stack, logical_id)
        imported(result[0], new.get("Body"))
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
    """A layer lies in /opt: here a variable that names a file in it names where it is instead."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    place = "    # After sys.path is complete"
    if script.count(place) != 1:
        raise RuntimeError("ministack's worker has changed: tools/deploy_test/gaps.py must follow")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(place, _LAYERS_JOINED + place)


def table_settings() -> None:
    """A table's time to live and point-in-time recovery are set when CloudFormation makes it."""
    handlers = HANDLERS["AWS::DynamoDB::Table"]
    create, update = handlers["create"], handlers["update"]

    def settle(name: str, props: Properties) -> None:
        for setting, apply in (
            ("TimeToLiveSpecification", dynamodb._update_ttl),
            ("PointInTimeRecoverySpecification", dynamodb._update_continuous_backups),
        ):
            if setting in props:
                apply({"TableName": name, setting: props[setting]})

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        result = create(logical_id, props, stack_name)
        settle(result[0], props)
        return result

    def updated(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str = ""
    ) -> Any:
        result = update(physical_id, old, new, stack, logical_id)
        settle(result[0], new)
        return result

    handlers.update(create=created, update=updated)


def authorised_names() -> None:
    """IAM asks for an SQS batch's single action, and for the path of `GetParametersByPath`."""
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
    """A name that CloudFormation makes up differs for a second stack of the same name."""
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
    """What CloudFormation is to make under a name that is in use fails; here it was overwritten."""
    for kind, key, taken in (
        ("AWS::SQS::Queue", "QueueName", sqs._queue_name_to_url),
        ("AWS::Logs::LogGroup", "LogGroupName", cloudwatch_logs._log_groups),
    ):
        HANDLERS[kind]["create"] = _refusing(HANDLERS[kind]["create"], key, taken)


def _refusing(create: Any, key: str, taken: Any) -> Any:
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        if props.get(key) in taken:
            raise ValueError(f"{props[key]} already exists")
        return create(logical_id, props, stack_name)

    return created
