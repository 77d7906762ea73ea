"""Whether the stack delivers, since when it does not, and whether a cut-over is set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import CUTOVER, MODE, cutover_from, mode_from
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
    """Look at both parameters (ssm:GetParameter); a mode begins when it was last changed."""
    yield _mode(subject)
    yield from _cutover(subject)


def _mode(subject: Subject) -> CheckResult:
    found = _parameter(subject, MODE)
    if found is None:
        return ok(f"{Mode.DELIVER} (it was never set)")
    text, changed = found
    mode, warnings = mode_from(text, subject.stack.secrets_path)
    age = _age(subject, changed)
    deliver = subject.command("mode deliver")
    if warnings:
        return finding(f"its value is unknown and counts as {mode}, {age}", deliver)
    if mode is Mode.DELIVER:
        return ok(f"{mode} {age}")
    effect = "events wait" if mode is Mode.PAUSE else "events are answered and dropped"
    return finding(f"{mode} {age}: {effect}", deliver)


def _cutover(subject: Subject) -> Iterator[CheckResult]:
    found = _parameter(subject, CUTOVER)
    if found is None:
        return
    text, changed = found
    at, warnings = cutover_from(text, subject.stack.secrets_path)
    age = _age(subject, changed)
    if at is None or warnings:
        yield finding(
            f"the cut-over's time can't be read, {age}: events are stored and not delivered",
            subject.command("cutover --at TIME"),
        )
    else:
        yield ok(f"a cut-over at {utc_time(at)} is set, {age}: what is older is dropped")


def _parameter(subject: Subject, name: str) -> tuple[str, float] | None:
    """Give a parameter's text, and when it was put in Unix time; None if it does not exist."""
    client: SSMClient = subject.client("ssm")
    try:
        found = client.get_parameter(Name=f"{subject.stack.secrets_path}/{name}")["Parameter"]
    except client.exceptions.ParameterNotFound:
        return None
    return found.get("Value", ""), found["LastModifiedDate"].timestamp()


def _age(subject: Subject, changed: float) -> str:
    return f"since {utc_time(changed)} ({duration(subject.now() - changed)})"
