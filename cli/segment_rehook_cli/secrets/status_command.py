"""The command `secrets status`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from segment_rehook.aws.parameters import LISTS, SecretName
from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.secrets.inspection import read_parameters, statuses
from segment_rehook_cli.secrets.matches import LineMatches, line_matches, read_matches
from segment_rehook_cli.secrets.parameter_store import read_versions
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.exit_codes import FINDINGS
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import AsJson, Columns, show_rows

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["matches_of", "status"]

_COLUMNS: Final[Columns] = {
    "parameter": lambda row: str(row["parameter"]),
    "changed": lambda row: _time(row.get("changedAt"), "–"),
    "age": lambda row: duration(row["ageSeconds"]) if row["present"] else "–",
    "type": lambda row: str(row.get("type", "–")),
    "key": lambda row: str(row.get("key") or "–"),
    "last matched": lambda row: _last_matched(row.get("credentials", [])),
    "findings": lambda row: "; ".join(row["findings"]) or "–",
}


@on_stack
def status(stack: Stack, *, as_json: AsJson = False) -> None:
    """Show each secret's age, type and key, whether its form is right, and what matched last.

    No value is shown. `last matched` is to the minute, of the last 14 days. Exit code 1 if a secret
    is missing or can't be right.
    """
    now = SystemClock().now()
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        found = read_parameters(client, stack.secrets_path)
        matches = {name.value: matches_of(stack, name, now) for name in LISTS if name in found}
    judged = statuses(found, matches, stack_key=stack.secrets_key, now=now)
    show_rows([each.row(now) for each in judged], _COLUMNS, as_json=as_json)
    if not as_json:
        for each in judged:
            for note in each.notes:
                say(f"{each.name}: {note}")
    if any(each.findings for each in judged):
        raise typer.Exit(FINDINGS)


def matches_of(stack: Stack, name: SecretName, now: float) -> dict[str, LineMatches]:
    """Read when each line of a list was matched. `now`: in Unix time. Raises what boto3 raises.

    It needs the permissions ssm:GetParameterHistory and cloudwatch:GetMetricData.
    """
    ssm: SSMClient = stack.client("ssm")
    versions = read_versions(ssm, stack, name)
    positions = max((len(each.lines) for each in versions), default=0)
    return line_matches(versions, read_matches(stack, name, positions, now))


def _last_matched(credentials: list[dict[str, Any]]) -> str:
    return (
        ", ".join(
            f"{each['credential']} {_time(each['lastMatchedAt'], 'never')}" for each in credentials
        )
        or "–"
    )


def _time(iso: str | None, otherwise: str) -> str:
    """Give a time of a row for a person."""
    return utc_time(datetime.fromisoformat(iso).timestamp()) if iso else otherwise
