"""`segment-rehook doctor` as checks: each line must be ok."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook_cli.doctor.check_result import Status
from segment_rehook_cli.doctor.checks import diagnose
from segment_rehook_cli.doctor.subject import Subject
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook_cli.stack.stack import Stack


def doctor(stack: Stack) -> Iterator[Check]:
    """Run `doctor` on a stack."""
    for each in diagnose(Subject(stack)):
        status, command = each.result.status, each.result.command
        yield Check(
            f"doctor, {each.check}: {each.result.detail}",
            holds=status is Status.OK,
            seen=f"run: {command}" if command else status.value,
            skipped=status is Status.SKIPPED,
        )
