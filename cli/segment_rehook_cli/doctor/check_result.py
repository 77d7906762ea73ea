"""What a check says: it is well, it is not, or the check could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segment_rehook_cli.terminal.output import Entry

__all__ = ["CheckResult", "Diagnosis", "Status", "finding", "ok", "skipped"]


class Status(StrEnum):
    """Of one line. Only OK is well: what was not looked at may be broken."""

    OK = "ok"
    FINDING = "finding"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was seen, in a line without secrets and personal data. `command`: what mends it."""

    status: Status
    detail: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A result, and the name of the check that gave it."""

    check: str
    result: CheckResult

    def entry(self) -> Entry:
        """Give it as JSON values; `command` is null where no command mends it."""
        return {
            "check": self.check,
            "result": self.result.status.value,
            "detail": self.result.detail,
            "command": self.result.command or None,
        }


def ok(detail: str) -> CheckResult:
    """All that the check looks at is well."""
    return CheckResult(Status.OK, detail)


def finding(detail: str, command: str = "") -> CheckResult:
    """Something is not well."""
    return CheckResult(Status.FINDING, detail, command)


def skipped(detail: str, command: str = "") -> CheckResult:
    """The check could not be made."""
    return CheckResult(Status.SKIPPED, detail, command)
