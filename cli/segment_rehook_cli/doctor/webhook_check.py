"""Whether the webhook answers, and which version of the package runs there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook_cli.doctor.check_result import finding, ok, skipped
from segment_rehook_cli.stack.download import DownloadFailed

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_version", "check_webhook"]


def check_webhook(subject: Subject) -> Iterator[CheckResult]:
    """Call GET /health, as anyone on the internet can."""
    url = subject.stack.output("HealthUrl")
    try:
        status = subject.health.get("status")
    except (DownloadFailed, ValueError) as error:
        why = str(error) if isinstance(error, DownloadFailed) else "the answer is not JSON"
        yield finding(f"{url}: {why}", subject.command("doctor --alarm WebhookRefuses"))
        return
    if status == "ok":
        yield ok(f"{url} answers")
    else:
        yield finding(
            f"{url} does not say that it is ok", subject.command("doctor --alarm IngestErrors")
        )


def check_version(subject: Subject) -> Iterator[CheckResult]:
    """Compare the functions' version, which /health tells, with the command line's."""
    try:
        there = subject.health.get("version")
    except (DownloadFailed, ValueError):
        yield skipped("the webhook does not answer, so the functions' version is not known")
        return
    here = subject.version
    if there == here:
        yield ok(f"{here}, here and in the functions")
    elif not isinstance(there, str):
        yield finding("the functions do not tell their version: deploy them", subject.deploy())
    elif _numbers(there) < _numbers(here):
        yield finding(f"the functions are older ({there}) than this ({here})", subject.deploy())
    else:
        yield finding(
            f"the functions are newer ({there}) than this ({here})", "git pull && make setup"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3])
