"""What `doctor` says about a sandbox, by its checks; no line may show a secret or an address."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from segment_rehook_cli.doctor.check_result import CheckResult, Status
from segment_rehook_cli.doctor.checks import CHECKS, diagnose
from segment_rehook_cli.doctor.subject import Subject
from segment_rehook_cli.stack.stack import Location, Stack, look_up
from tools.sandbox.services import API_KEY, API_SECRET, USER_KEY

if TYPE_CHECKING:
    import pytest

    from tools.sandbox import Sandbox

EMAIL = "somebody@example.com"
Lines = Mapping[str, Sequence[CheckResult]]


def order_of(id_: str) -> dict[str, Any]:
    """A track event, of a user of its own."""
    return {
        "type": "track",
        "event": "order",
        "messageId": id_,
        "userId": f"user of {id_}",
        "timestamp": "2026-01-15T10:00:00.000Z",
        "properties": {"total": 1},
    }


def stack_of(box: Sandbox) -> Stack:
    """The stack, as a command gets it with --sandbox."""
    described = box.description()
    return look_up(described.stack, Location.of_environment(described.environment))


def deployed(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack as if it were on AWS: it is found by a variable, and not by --sandbox."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", box.description().environment["AWS_ENDPOINT_URL"])
    return dataclasses.replace(stack_of(box), endpoint=None)


def examined(
    box: Sandbox, *names: str, stack: Stack | None = None, hidden: str = "", **changes: Any
) -> Lines:
    """The results by check: of the named ones, by default of all. `hidden`: shown nowhere."""
    subject = Subject(stack or stack_of(box), **changes)
    chosen = {name: CHECKS[name] for name in names or CHECKS}
    found = defaultdict(list)
    for each in diagnose(subject, chosen):
        found[each.check].append(each.result)
        for secret in (API_KEY, API_SECRET, USER_KEY, box.shared_secret, EMAIL, hidden):
            assert not secret or secret not in str(each.entry())
    assert list(found) == list(chosen)
    return found


def not_ok(lines: Lines) -> Lines:
    """The checks that have a line that is not ok, with those lines."""
    wrong = {
        name: [each for each in results if each.status is not Status.OK]
        for name, results in lines.items()
    }
    return {name: results for name, results in wrong.items() if results}


def only_finding(lines: Lines, name: str) -> CheckResult:
    """The one line that is not ok, which must be a finding of this check."""
    wrong = not_ok(lines)
    assert list(wrong) == [name], wrong
    [result] = wrong[name]
    assert result.status is Status.FINDING
    return result
