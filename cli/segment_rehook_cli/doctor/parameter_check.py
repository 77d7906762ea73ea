"""Whether the stack's parameters are there, are encrypted, and can be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import LISTS, SecretName, mistakes_in, numbered_lines
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.secrets.missing import missing_secrets
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_parameters"]

SECURE: Final = "SecureString"


def check_parameters(subject: Subject) -> Iterator[CheckResult]:
    """Give a finding for each mistake of a parameter; no text shows a value."""
    wrong = list(_mistakes(subject))
    yield from wrong
    if not wrong:
        there = [each for name, each in subject.parameters.items() if name in {*SecretName}]
        oldest = min(each.put_at for each in there)
        yield ok(
            f"{counted(len(there), 'secret is', 'secrets are')} there and of the right form; "
            "the oldest was put "
            f"{duration(subject.now() - oldest)} ago"
        )


def _mistakes(subject: Subject) -> Iterator[CheckResult]:
    found = subject.parameters
    for name in SecretName:
        put = subject.command(f"secrets put {name}")
        if name in found and found[name].type != SECURE:
            yield finding(f"{name} is a {found[name].type}, and not encrypted", put)
        if name in found:
            for mistake in mistakes_in(name, found[name].value):
                yield finding(f"{name} {mistake}", put)
    there = {name for name in found if name not in LISTS or numbered_lines(found[name].value)}
    for name, lack in missing_secrets(there):
        yield finding(f"{name} {lack}", subject.command(f"secrets put {name}"))
