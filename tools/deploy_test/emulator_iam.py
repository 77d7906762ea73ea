"""Corrections of ministack's IAM: which permissions a call needs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services.cloudformation import provisioners

from tools.deploy_test.emulator_resources import beforehand

if TYPE_CHECKING:
    from tools.deploy_test.emulator_resources import Properties

_STATEMENT = re.compile(
    r'\s*(SELECT|INSERT|UPDATE|DELETE)\b(?:.*?\b(?:FROM|INTO))?\s+"?([\w.-]+)', re.IGNORECASE
)


def authorised_names() -> None:
    """IAM checks an SQS batch by its single action, and `GetParametersByPath` by its path."""
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


def statements() -> None:
    """IAM checks each PartiQL statement by its kind and its table; here one refusal is for all."""
    checks = iam_actions.dynamodb_transaction_checks

    def checked(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
        if action != "dynamodb:BatchExecuteStatement":
            return list(checks(action, body, region, account))
        found = []
        for each in json.loads(body)["Statements"]:
            if match := _STATEMENT.match(each["Statement"]):
                kind, table = match.groups()
                arn = f"arn:aws:dynamodb:{region}:{account}:table/{table}"
                found.append((f"dynamodb:PartiQL{kind.capitalize()}", arn))
        return found

    iam_actions.dynamodb_transaction_checks = checked


def event_source_role() -> None:
    """An event source is refused if the function's role may not read the queue."""

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

    beforehand("AWS::Lambda::EventSourceMapping", allowed)
