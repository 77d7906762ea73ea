"""Whether the destination file that is deployed is valid, and the one of this checkout.

Permissions: cloudformation:DescribeStackResources, lambda:GetFunctionConfiguration and
lambda:GetLayerVersion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.rehook.destination import DestinationInvalid, load, version_of
from segment_rehook_cli.doctor.check_result import finding, ok, skipped
from segment_rehook_cli.stack.stages import DestinationMissing, destination_file_of
from segment_rehook_cli.terminal.counting import counted

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_deployed_destination", "check_destination_of_checkout"]


def check_deployed_destination(subject: Subject) -> Iterator[CheckResult]:
    """Look whether this version of the package can read what is deployed."""
    deployed = subject.deployed
    try:
        loaded = load(deployed.content)
    except DestinationInvalid as invalid:
        first = invalid.mistakes[0]
        mistakes = counted(len(invalid.mistakes), "mistake")
        yield finding(
            f"version {deployed.version} has {mistakes}, the first: {first.place} {first.message}",
            subject.deploy(),
        )
        return
    yield ok(f"version {deployed.version}, {counted(len(loaded.subscriptions), 'subscription')}")


def check_destination_of_checkout(subject: Subject) -> Iterator[CheckResult]:
    """Look whether the file of this machine is what the stack runs on."""
    try:
        file = subject.file or destination_file_of(subject.stack.parameters)
    except DestinationMissing as missing:
        yield skipped(str(missing), subject.command("doctor --destination FILE"))
        return
    try:
        here = version_of(file.read_bytes())
    except OSError as error:
        yield skipped(f"{file}: {error.strerror}")
        return
    deployed = subject.deployed.version
    if deployed == here:
        yield ok(f"{file} is what is deployed: version {here}")
    else:
        yield finding(
            f"{file} is version {here}, and version {deployed} is deployed",
            subject.command(f"diff --destination {file}"),
        )
