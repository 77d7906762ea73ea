"""Whether this machine's clock agrees with AWS's (cloudformation:DescribeStacks)."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.check_result import finding, ok, skipped
from segment_rehook_cli.terminal.durations import duration

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_clock"]

MAX_SECONDS: Final = 5.0
"""AWS's header has whole seconds. Far less than the 5 minutes at which AWS refuses a signature."""


def check_clock(subject: Subject) -> Iterator[CheckResult]:
    """Compare the time of an answer with this machine's, in the middle of the call."""
    client: CloudFormationClient = subject.client("cloudformation")
    before = subject.now()
    answer = client.describe_stacks(StackName=subject.stack.name)
    here = (before + subject.now()) / 2
    try:
        # The header cuts off the fraction of a second: half of one is what it lacks on average.
        there = (
            parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
            + 0.5
        )
    except (KeyError, ValueError):
        yield skipped("AWS's answer does not say its time")
        return
    apart = here - there
    if abs(apart) <= MAX_SECONDS:
        yield ok(f"agrees with AWS's within {MAX_SECONDS:.0f} s")
    else:
        yield finding(
            f"this machine's clock is {duration(abs(apart))} {'fast' if apart > 0 else 'slow'}; "
            "AWS refuses calls from 5 min on, and what is said here about ages is wrong",
            "sudo timedatectl set-ntp true",
        )
