"""Checks that the live versions are sound, by the report that a deployment in steps asks for.

A report stores and delivers nothing; it calls Rehook's check-auth once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.check.app import CALL, SAMPLES
from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient


def payload() -> bytes:
    """Give what a function is invoked with to report on itself, on the check's sample events."""
    lines = SAMPLES.read_text("utf-8").splitlines()
    samples = [json.loads(line) for line in lines if line.strip()]
    return json.dumps({"versionCheck": {"samples": samples}}).encode()


def live_report(client: LambdaClient, name: str, function: str) -> Iterator[Check]:
    """Check the live version of a function. `name`: its logical id. `function`: its own name."""
    answer, check = accepted(
        client,
        f"{name}'s live version can be invoked",
        lambda: client.invoke(FunctionName=function, Qualifier="live", Payload=payload()),
    )
    yield check
    if answer is not None:
        yield from report(name, answer["Payload"].read(), failed="FunctionError" in answer)


def report(name: str, answer: bytes, *, failed: bool) -> Iterator[Check]:
    """Check a version's report, as the function answered it."""
    said: Any = json.loads(answer)
    yield Check(
        f"{name}'s live version reports on itself",
        holds=not failed and bool(said.get("mapping")),
        seen=f"{said.get('errorType')}" if failed else "the report has no mapping's version",
    )
    if failed:
        return
    yield Check(
        f"{name}'s live version reads the secrets",
        holds=said["secrets"] is None,
        seen=str(said["secrets"]),
    )
    yield Check(
        f"{name}'s live version reaches Rehook, which takes the key pair",
        holds=said["credentials"] is True,
        seen=f"check-auth: {said['credentials']}",
    )
    yield Check(
        f"{name}'s live mapping makes a call of at least one sample event",
        holds=any(CALL in each.values() for each in said["samples"]),
        seen=str(said["samples"]),
    )


def pre_traffic(client: LambdaClient, function: str) -> Check:
    """Check that the function of the check before traffic can be invoked, without invoking it."""
    text = "the check before traffic can be invoked"
    request = accepted(
        client,
        text,
        lambda: client.invoke(FunctionName=function, InvocationType="DryRun"),
    )
    return request[1]
