"""Whether the stack's log groups are there and do not grow for ever (logs:DescribeLogGroups)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.counting import counted

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject
    from segment_rehook_cli.stack.paged_client import PagedClient

__all__ = ["check_log_groups"]


def check_log_groups(subject: Subject) -> Iterator[CheckResult]:
    """Look at the two functions' groups and at the API's access log."""
    client: PagedClient = subject.client("logs")
    names = [
        subject.stack.output("IngestLogGroup"),
        subject.stack.output("RedriveLogGroup"),
        subject.resource("AccessLog"),
    ]
    wrong, kept = [], set()
    for name in names:
        pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        found = [
            each for page in pages for each in page["logGroups"] if each["logGroupName"] == name
        ]
        if not found:
            wrong.append(finding(f"the log group {name} does not exist", subject.deploy()))
        elif days := found[0].get("retentionInDays"):
            kept.add(days)
        else:
            wrong.append(
                finding(
                    f"the log group {name} keeps its lines for ever",
                    f"aws logs put-retention-policy --region {subject.stack.region} "
                    f"--log-group-name {name} --retention-in-days "
                    f"{Keeping.of(subject.stack.parameters).log_days}",
                )
            )
    yield from wrong
    if not wrong:
        days = " or ".join(counted(each, "day") for each in sorted(kept))
        yield ok(f"{counted(len(names), 'log group')}, lines are kept for {days}")
