"""Whether the stack delivers, and since when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import MODE, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.doctor.durations import moment, span

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_mode"]


def check_mode(subject: Subject) -> Iterator[CheckResult]:
    """Look at the parameter; its last change is when the mode began."""
    found = subject.parameters.get(MODE)
    mode, warnings = mode_from(found.value if found else None, subject.stack.secrets_path)
    if found is None:
        yield ok(f"{mode} (it was never set)")
        return
    age = f"since {moment(found.changed)} ({span(subject.now() - found.changed)})"
    deliver = subject.command("mode deliver")
    if warnings:
        yield finding(f"its value is unknown and counts as {mode}, {age}", deliver)
    elif mode is Mode.DELIVER:
        yield ok(f"{mode} {age}")
    else:
        effect = "events wait" if mode is Mode.PAUSE else "events are answered and dropped"
        yield finding(f"{mode} {age}: {effect}", deliver)
