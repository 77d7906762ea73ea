"""What a check says: it is well, it is not, or the check could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segment_rehook_cli.output import Entry

__all__ = ["Diagnosis", "Status", "Verdict", "finding", "ok", "skipped"]


class Status(StrEnum):
    """Of one line. Only OK is well: what was not looked at may be broken."""

    OK = "ok"
    FINDING = "finding"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen, in a line without secrets and personal data. `command`: what mends it."""

    status: Status
    detail: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A verdict, and the name of the check that gave it."""

    check: str
    verdict: Verdict

    def entry(self) -> Entry:
        """Give it as JSON values; `command` is null where no command mends it."""
        return {
            "check": self.check,
            "result": self.verdict.status.value,
            "detail": self.verdict.detail,
            "command": self.verdict.command or None,
        }


def ok(detail: str) -> Verdict:
    """All that the check looks at is well."""
    return Verdict(Status.OK, detail)


def finding(detail: str, command: str = "") -> Verdict:
    """Something is not well."""
    return Verdict(Status.FINDING, detail, command)


def skipped(detail: str, command: str = "") -> Verdict:
    """The check could not be made."""
    return Verdict(Status.SKIPPED, detail, command)
