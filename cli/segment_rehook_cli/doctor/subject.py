"""The stack that is looked at: what several checks need of it, each read once.

A value that AWS refuses raises what boto3 raises, in each check that needs it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from segment_rehook import __version__
from segment_rehook_cli.secrets.parameter_store import parameters_below
from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.deployed import DeployedFile, find_deployed
from segment_rehook_cli.stack.download import download
from segment_rehook_cli.stack.state import StackState, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_sqs.client import SQSClient

    from segment_rehook_cli.secrets.parameter_store import StoredParameter
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["Resource", "Subject"]

MAX_HEALTH_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the stack: its physical id, and its type such as AWS::SQS::Queue."""

    id: str
    type: str


@dataclass
class Subject:
    """The stack, and what it is compared with.

    `file`: the destination file of this machine; None for the one of the checkout that belongs to
    the stack. `now`: this machine's time, in seconds since the epoch. `version`: the command
    line's.
    """

    stack: Stack
    file: Path | None = None
    now: Callable[[], float] = time.time
    version: str = __version__
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _queues: dict[str, Mapping[str, str]] = field(default_factory=dict, init=False, repr=False)

    def client(self, service: str) -> Any:
        """Give the boto3 client of a service, always the same one."""
        if service not in self._clients:
            self._clients[service] = self.stack.client(service)
        return self._clients[service]

    def command(self, words: str) -> str:
        """Write a command of this command line that works on the same stack."""
        return self.stack.command(words)

    def deploy(self, change: str = "") -> str:
        """Write the command that deploys the stack. `change`: a template parameter to change."""
        first = f"with {change} among the parameters in samconfig.toml, " if change else ""
        env = f"the --config-env of {self.stack.name}"
        return f"make build && .venv/bin/sam deploy  # {first}with {env}"

    @cached_property
    def parameters(self) -> Mapping[str, StoredParameter]:
        """The parameters by their names below the stack's path (ssm:GetParametersByPath)."""
        return parameters_below(self.client("ssm"), self.stack.secrets_path)

    @cached_property
    def state(self) -> StackState:
        """The mode and the cut-over (ssm:GetParameters)."""
        return read_state(self.client("ssm"), self.stack.secrets_path)

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """The resources by their logical ids (cloudformation:ListStackResources)."""
        client: CloudFormationClient = self.client("cloudformation")
        pages = client.get_paginator("list_stack_resources").paginate(StackName=self.stack.name)
        return {
            each["LogicalResourceId"]: Resource(
                each.get("PhysicalResourceId", ""), each["ResourceType"]
            )
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    def resource(self, logical_id: str) -> str:
        """Give the physical id of a resource. Raises StackUnusable if the stack lacks it."""
        found = self.resources.get(logical_id)
        if found is None or not found.id:
            raise StackUnusable(
                f"the stack has no {logical_id}: an older version of the template made it"
            )
        return found.id

    def queue(self, url: str) -> Mapping[str, str]:
        """Give the attributes of a queue (sqs:GetQueueAttributes)."""
        if url not in self._queues:
            client: SQSClient = self.client("sqs")
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            self._queues[url] = {str(name): value for name, value in answer["Attributes"].items()}
        return self._queues[url]

    @cached_property
    def deployed(self) -> DeployedFile:
        """The destination file that the live version runs on. Raises StackUnusable, too."""
        return find_deployed(self.stack)

    @cached_property
    def health(self) -> Mapping[str, Any]:
        """What the webhook's address for health answers. Raises DownloadFailed, ValueError."""
        answer = json.loads(download(self.stack.output("HealthUrl"), MAX_HEALTH_BYTES))
        return answer if isinstance(answer, dict) else {}
