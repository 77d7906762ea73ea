"""What is to be said of a stack's secrets, without any value of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.aws.parameters import (
    CUTOVER,
    LISTS,
    MODE,
    SecretName,
    mistakes_in,
    numbered_lines,
)
from segment_rehook_cli.log.time_window import iso_time
from segment_rehook_cli.secrets.matches import KINDS, LineMatches
from segment_rehook_cli.secrets.missing import missing_secrets
from segment_rehook_cli.secrets.parameter_store import (
    StoredParameter,
    distinct_lines,
    parameters_below,
)

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["SecretStatus", "read_parameters", "statuses"]

_MANAGED_KEY: Final = "alias/aws/ssm"


@dataclass(slots=True, kw_only=True)
class SecretStatus:
    """What is known of one parameter. `described` is None if it is missing.

    `findings`: what is wrong. `notes`: what is not wrong, but worth knowing. `matches`: of each
    credential of a list, in order.
    """

    name: str
    described: StoredParameter | None
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    matches: dict[str, LineMatches] = field(default_factory=dict)

    def row(self, now: float) -> dict[str, Any]:
        """Return it as values for JSON. `now`: in Unix time, seconds."""
        row: dict[str, Any] = {"parameter": self.name, "present": self.described is not None}
        if self.described is not None:
            row |= {
                "type": self.described.type,
                "key": self.described.key or None,
                "version": self.described.version,
                "changedAt": iso_time(self.described.put_at),
                "ageSeconds": max(int(now - self.described.put_at), 0),
            }
        if self.name in LISTS:
            row["live"] = len(self.matches)
            row["credentials"] = [
                {
                    "credential": credential,
                    "lastMatchedAt": None if each.last_at is None else iso_time(each.last_at),
                }
                for credential, each in self.matches.items()
            ]
        return row | {"findings": self.findings, "notes": self.notes}


def read_parameters(client: SSMClient, path: str) -> dict[str, StoredParameter]:
    """Read all parameters below a stack's path with their keys. As `parameters_below`.

    It needs the permission ssm:DescribeParameters, too.
    """
    keys: dict[str, str] = {}
    for described in client.get_paginator("describe_parameters").paginate(
        ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [path]}]
    ):
        keys |= {each["Name"]: each.get("KeyId", "") for each in described["Parameters"]}
    return {
        name: replace(each, key=keys.get(f"{path}/{name}", ""))
        for name, each in parameters_below(client, path).items()
    }


def statuses(
    found: Mapping[str, StoredParameter],
    matches: Mapping[str, Mapping[str, LineMatches]],
    *,
    stack_key: str,
    now: float,
) -> list[SecretStatus]:
    """Judge all parameters. `matches`: by name and line. `stack_key`: as `Stack.secrets_key`.

    `now`: in Unix time, seconds.
    """
    result = [
        _status(name, found.get(name), matches.get(name, {}), stack_key, now) for name in SecretName
    ]
    lacks = dict(missing_secrets(found))
    for each in result:
        if each.name in lacks:
            each.findings.append(lacks[SecretName(each.name)])
    result += [
        SecretStatus(
            name=name,
            described=described,
            findings=["no parameter of the bridge: nothing reads it. Is the name misspelt?"],
        )
        for name, described in found.items()
        if name not in {*SecretName, MODE, CUTOVER}
    ]
    return result


def _status(
    name: SecretName,
    described: StoredParameter | None,
    matches: Mapping[str, LineMatches],
    stack_key: str,
    now: float,
) -> SecretStatus:
    status = SecretStatus(name=name, described=described)
    if described is None:
        return status
    status.findings += mistakes_in(name, described.value)
    status.findings += _kept_badly(described, stack_key)
    if name in LISTS:
        lines = distinct_lines(described.value)
        if not lines:
            status.findings.append("has no line")
        status.matches = {
            f"{KINDS[name]}-{number}": matches.get(line, LineMatches())
            for number, line in enumerate(lines, 1)
        }
        status.notes += _notes(status.matches, len(numbered_lines(described.value)), now)
    return status


def _kept_badly(described: StoredParameter, stack_key: str) -> Iterator[str]:
    if described.type != "SecureString":
        yield f"is of type {described.type}, so it is not encrypted: put it again"
    elif described.key and _key_id(described.key) != _key_id(stack_key or _MANAGED_KEY):
        yield (
            f"is encrypted with {described.key} and not with the stack's key "
            f"({stack_key or _MANAGED_KEY}), which alone the functions may use: put it again"
        )


def _key_id(key: str) -> str:
    """Give a key's id, or its alias, from its ARN too."""
    return key.rpartition(":")[2].removeprefix("key/")


def _notes(matches: Mapping[str, LineMatches], lines: int, now: float) -> Iterator[str]:
    if len(matches) > 1:
        yield f"{len(matches)} are live: to remove the old one, `segment-rehook secrets rotate`"
    if lines > len(matches):
        yield f"lines that occur again: {lines - len(matches)}"
    for name, each in matches.items():
        if each.last_at is None:
            yield f"{name} was not matched by any request {each.unmatched(now)}"
