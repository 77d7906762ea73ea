"""A stack's mode: whether events are delivered, stored for later, or only reported."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook.aws.parameters import MODE
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.stack.aws_errors import error_line, exit_on_aws_error
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from segment_rehook_cli.stack.figures import Figures
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.stack.state import StackState, read_state
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["Mode", "mode", "read_mode", "set_mode"]


_EFFECT: Final = {
    Mode.DELIVER: "within a minute for new events; stored events are delivered 5 minutes to 2 "
    "hours after redrive last looked at them, later the longer they have waited",
    Mode.PAUSE: "within a minute; events are stored until the mode is deliver",
    Mode.DRY_RUN: "within a minute; new events are answered and not stored, stored events stay "
    "stored",
}


@on_stack
def mode(
    stack: Stack,
    wanted: Annotated[
        Mode | None, typer.Argument(help="The mode to set. Without it, the current mode is shown.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show or set a stack's mode: deliver, pause (store events) or dry-run (store nothing).

    Shown are also since when it is set, how many events wait, and how many were stored meanwhile.
    """
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        if wanted is None:
            state = read_state(client, stack.secrets_path)
            for warning in state.warnings:
                say(warning)
            _show(stack, state, as_json=as_json)
            return
        stack.announce()
        try:
            changed = set_mode(client, stack.secrets_path, wanted)
        except KeyboardInterrupt:
            raise failure(
                "interrupted; the mode may be set or not: without a mode, this command shows it",
                INTERRUPTED,
            ) from None
        cutover = read_state(client, stack.secrets_path).cutover
    if wanted is Mode.DELIVER and cutover is not None:
        say(f"a cut-over at {cutover.text} is set: what Segment received before is discarded")
    if as_json:
        typer.echo(json.dumps({"stack": stack.name, "mode": wanted.value, "changed": changed}))
        return
    effect = _EFFECT[wanted] if changed else "as before"
    typer.echo(f"{stack.name}: {wanted.value} ({effect})")


def read_mode(client: SSMClient, path: str) -> str | None:
    """Read the parameter's text under the stack's path; None if the parameter does not exist."""
    try:
        return client.get_parameter(Name=f"{path}/{MODE}")["Parameter"].get("Value", "")
    except client.exceptions.ParameterNotFound:
        return None


def set_mode(client: SSMClient, path: str, wanted: Mode) -> bool:
    """Set the mode as a plain String parameter: it is not a secret. Say if it was another one.

    The same mode is not put again, since SSM would forget since when it is set.
    """
    if read_mode(client, path) == wanted.value:
        return False
    client.put_parameter(
        Name=f"{path}/{MODE}",
        Description="deliver, pause or dry-run",
        Value=wanted.value,
        Type="String",
        Overwrite=True,
    )
    return True


def _show(stack: Stack, state: StackState, *, as_json: bool) -> None:
    """Print the mode at once: a script that may read parameters only needs no more."""
    now, since = time.time(), state.mode.since
    if not as_json:
        typer.echo(state.mode.mode.value)
    waiting = stored = None
    try:
        figures = Figures.of(stack)
        waiting = figures.waiting()
        if since is not None and state.mode.mode is not Mode.DELIVER:
            stored = figures.total("DeadLettersSent", since, now)
    except aws_error_classes() as error:
        say(f"figures are not known: {error_line(error)}")
    if as_json:
        row = {
            "stack": stack.name,
            "mode": state.mode.mode.value,
            "since": None if since is None else time_text(since),
            "waiting": waiting,
            "stored": stored,
            "cutover": None if state.cutover is None else state.cutover.text,
        }
        typer.echo(json.dumps(row))
        return
    parts = ["never set" if since is None else _since(since, now)]
    if waiting is not None:
        parts.append(counted(waiting, "event waits", "events wait"))
    if stored is not None:
        parts.append(f"{stored:,} stored meanwhile (by CloudWatch, some minutes late)")
    if state.cutover is not None:
        parts.append(f"cut-over at {state.cutover.text}")
    say("; ".join(parts))


def _since(since: float, now: float) -> str:
    return f"since {utc_time(since)} ({duration(now - since)})"
