"""What a running sandbox says of itself: to a script, to a person, and to CloudFormation."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from tools.sandbox.aws_stacks import Output, StackRecord
from tools.sandbox.intrinsics import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.sandbox.sandbox import Sandbox

CONTROL_VARIABLE: Final = "SANDBOX_CONTROL"
"""The environment variable in which ``reload`` and ``send`` look for the control address."""

_API_ADDRESS = re.compile(r"https://[^/.]+\.execute-api\.[^/]+")


def description(box: Sandbox) -> dict[str, Any]:
    """Everything that a script needs. Queues by their URLs, tables by their names."""
    return {
        "webhook": box.webhook,
        "rehook": box.rehook_url,
        "aws": box.aws.api_url,
        "control": box.control_url,
        "awsControl": box.aws.url,
        "rehookControl": box.rehook.url if hasattr(box, "rehook") else None,
        "sharedSecret": box.shared_secret,
        "stack": box.stack.name,
        "queues": {name: box.queue(name).url for name in box.stack.queues},
        "tables": {name: table.name for name, table in box.stack.tables.items()},
        "pid": os.getpid(),
        "functions": {name: _process(box, name) for name in box.functions},
        "environment": environment(box),
    }


def _process(box: Sandbox, function: str) -> int | None:
    """A running process; None while the last one has ended and the next has not begun."""
    return next((each.pid for each in box.processes(function)), None)


def environment(box: Sandbox) -> dict[str, str]:
    """The variables with which other commands find this sandbox."""
    return {
        "AWS_ENDPOINT_URL": box.aws.api_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "operator",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        CONTROL_VARIABLE: box.control_url,
    }


def lines(box: Sandbox) -> Iterator[str]:
    """The same for a person, and what to paste into another shell."""
    yield "The sandbox is ready. Ctrl-C ends it."
    yield ""
    said = description(box)
    rows = [(f"{route.method} {route.path}", box.url + route.path) for route in box.stack.routes]
    rows += [
        ("shared secret", box.shared_secret),
        ("Rehook", said["rehook"]),
        ("Rehook's control", said["rehookControl"] or "none: it is your own"),
        ("AWS endpoint", said["aws"]),
        ("AWS control", said["awsControl"]),
        ("control", said["control"]),
        ("stack", said["stack"]),
        *said["queues"].items(),
        *said["tables"].items(),
        *((name, f"process {pid}") for name, pid in said["functions"].items()),
    ]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:{width}}  {value}" for name, value in rows)
    yield ""
    yield "For other commands, paste this into their shell:"
    yield ""
    variables = (f"{name}={shlex.quote(value)}" for name, value in said["environment"].items())
    yield "export " + " ".join(variables)
    yield ""
    yield f"Then, for example: segment-rehook parked list --stack {box.stack.name}"
    yield ""


def stack_record(box: Sandbox) -> StackRecord:
    """What CloudFormation tells of the stack; addresses in it are the sandbox's own."""
    values = box.stack.values
    if "RehookUrl" in values:
        values = values | {"RehookUrl": str(box.rehook_url)}
    return StackRecord(
        name=box.stack.name,
        id=box.stack.id,
        description=box.stack.description,
        parameters=values,
        outputs={
            name: Output(_API_ADDRESS.sub(box.url, output.value), output.description)
            for name, output in box.stack.outputs.items()
        },
    )
