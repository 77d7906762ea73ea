"""Every command line of AWS's own command line that a page prints has an operation and options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# The command line renames a member whose name is an option of all commands (`--endpoint-url`).
RENAMED: Final = {"sns subscribe": {"notification-endpoint"}}
# Options of the command line itself.
OF_ALL_COMMANDS: Final = {"query", "output", "region", "profile"}
# Commands that AWS's command line makes of several calls. They have no model.
WITHOUT_A_MODEL: Final = {"s3 cp", "s3 sync", "logs tail"}


def named(path: Path) -> str:
    """The name of a page in a test's id."""
    return str(path.relative_to(ROOT))


def printed(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """The service, the operation and the options of each command line on a page."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for service, operation, rest in re.findall(r"\baws ([a-z0-9]+) ([a-z-]+)([^\n`]*)", joined):
        own = re.split(r"[|#]|\)$", re.sub(r"'[^']*'|\"[^\"]*\"", "TEXT", rest))[0]
        yield service, operation, set(re.findall(r"(?<=\s)--([a-z-]+)", own))


def options_of(service: str, operation: str) -> set[str]:
    """The options that the service's model gives an operation. An unknown one has none."""
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        pytest.fail(f"there is no service {service}")
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in by_name, f"{service} has no {operation}"
    shape = model.operation_model(by_name[operation]).input_shape
    members = shape.members if shape else {}
    switches = {name for name, member in members.items() if member.type_name == "boolean"}
    return {xform_name(name, "-") for name in members} | {
        f"no-{xform_name(name, '-')}" for name in switches
    }


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_aws_command_on_a_page_is_one(page: Path) -> None:
    """Each `aws` command line on a page has an operation and options of AWS's own models."""
    for service, operation, options in printed(page.read_text(encoding="utf-8")):
        if f"{service} {operation}" not in WITHOUT_A_MODEL:
            renamed = RENAMED.get(f"{service} {operation}", set())
            unknown = options - OF_ALL_COMMANDS - renamed - options_of(service, operation)
            assert not unknown, f"aws {service} {operation}: {unknown}"


def test_the_pages_print_some() -> None:
    """The command lines are found, with their options on further lines."""
    found = [each for page in PAGES for each in printed(page.read_text(encoding="utf-8"))]
    assert ("sqs", "receive-message") in {(service, operation) for service, operation, _ in found}
    assert any("max-number-of-messages" in options for _, _, options in found)
