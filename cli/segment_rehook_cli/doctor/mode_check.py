"""Whether the stack delivers, and since when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import MODE, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.terminal.durations import duration

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_mode"]


def check_mode(subject: Subject) -> Iterator[CheckResult]:
    """Look at the parameter (ssm:GetParameter); its last change is when the mode began."""
    client: SSMClient = subject.client("ssm")
    path = subject.stack.secrets_path
    try:
        found = client.get_parameter(Name=f"{path}/{MODE}")["Parameter"]
    except client.exceptions.ParameterNotFound:
        yield ok(f"{Mode.DELIVER} (it was never set)")
        return
    mode, warnings = mode_from(found.get("Value", ""), path)
    changed = found["LastModifiedDate"].timestamp()
    age = f"since {utc_time(changed)} ({duration(subject.now() - changed)})"
    deliver = subject.command("mode deliver")
    if warnings:
        yield finding(f"its value is unknown and counts as {mode}, {age}", deliver)
    elif mode is Mode.DELIVER:
        yield ok(f"{mode} {age}")
    else:
        effect = "events wait" if mode is Mode.PAUSE else "events are answered and dropped"
        yield finding(f"{mode} {age}: {effect}", deliver)
