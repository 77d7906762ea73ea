"""Clients that reach nothing: what they are answered is written down before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_sqs import SQSClient
from mypy_boto3_ssm import SSMClient

from segment_rehook.aws.errors import AwsError


@dataclass
class Stub:
    """A client of `service` that answers as it was told, in turn.

    What it is asked is held to AWS's own description of the service, as the AWS library does it.
    """

    service: str
    _answers: list[tuple[str, dict[str, Any] | Exception, Mapping[str, Any]]] = field(
        default_factory=list
    )

    @property
    def dynamodb(self) -> DynamoDBClient:
        """The stub as a client of DynamoDB."""
        return cast("DynamoDBClient", self)

    @property
    def sqs(self) -> SQSClient:
        """The stub as a client of SQS."""
        return cast("SQSClient", self)

    @property
    def ssm(self) -> SSMClient:
        """The stub as a client of SSM."""
        return cast("SSMClient", self)

    def add_response(
        self, method: str, answer: dict[str, Any], expected: Mapping[str, Any] | None = None
    ) -> None:
        """Answer the next call, which must be of this method and have these arguments."""
        self._answers.append((method, answer, expected or {}))

    def add_error(self, method: str, error: Exception) -> None:
        """Raise an error at the next call."""
        self._answers.append((method, error, {}))

    def add_refusal(self, method: str, code: str, **answer: Any) -> None:
        """Refuse the next call."""
        self.add_error(method, AwsError(code, {"message": "of ann@example.com", **answer}))

    def assert_no_pending_responses(self) -> None:
        """Every answer was asked for."""
        assert self._answers == []

    def __getattr__(self, method: str) -> Any:
        """A method of the client."""
        if method.startswith("_"):
            raise AttributeError(method)

        def call(**arguments: Any) -> dict[str, Any]:
            self._check(method, arguments)
            expected_method, answer, expected = self._answers.pop(0)
            assert method == expected_method
            assert arguments.items() >= expected.items()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def _check(self, method: str, arguments: Mapping[str, Any]) -> None:
        model = botocore.session.get_session().get_service_model(self.service)
        [operation] = [name for name in model.operation_names if xform_name(name) == method]
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        report = ParamValidator().validate(arguments, shape)
        assert not report.has_errors(), report.generate_report()
