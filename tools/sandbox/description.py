"""What a running sandbox says about itself: to a script, and to a person."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from segment_rehook_cli.stack.running_sandbox import CONTROL_VARIABLE
from tools.sandbox.intrinsics import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Description(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that a script needs to know.

    ``rehook_control`` is None where Rehook is the user's own. ``queues`` holds URLs and ``tables``
    names, both by logical id. ``functions`` holds the id of a running process of each function, or
    None while the last one has ended and the next one has not started. ``environment`` holds the
    variables with which other commands find the sandbox.
    """

    webhook: str
    rehook: str
    aws: str
    control: str
    aws_control: str
    rehook_control: str | None
    shared_secret: str
    stack: str
    queues: dict[str, str]
    tables: dict[str, str]
    pid: int
    functions: dict[str, int | None]
    environment: dict[str, str]


def environment(aws_url: str, control_url: str) -> dict[str, str]:
    """The variables with which other commands find a sandbox."""
    return {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "operator",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        CONTROL_VARIABLE: control_url,
    }


def lines(described: Description, routes: Mapping[str, str]) -> Iterator[str]:
    """The description for a person, with a line to paste into another shell.

    ``routes``: the URL of each route of the HTTP API, by the route's method and path.
    """
    yield "The sandbox is ready. Ctrl-C ends it."
    yield ""
    rows = [
        *routes.items(),
        ("shared secret", described.shared_secret),
        ("Rehook", described.rehook),
        ("Rehook's control", described.rehook_control or "none: it is your own"),
        ("AWS endpoint", described.aws),
        ("AWS control", described.aws_control),
        ("control", described.control),
        ("stack", described.stack),
        *described.queues.items(),
        *described.tables.items(),
        *((name, f"process {pid}") for name, pid in described.functions.items()),
    ]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:{width}}  {value}" for name, value in rows)
    yield ""
    yield "For other commands, paste this into their shell:"
    yield ""
    variables = (f"{name}={shlex.quote(value)}" for name, value in described.environment.items())
    yield "export " + " ".join(variables)
    yield ""
    yield f"Then, for example: segment-rehook failures list --stack {described.stack}"
    yield ""
