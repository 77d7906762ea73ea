"""The commands on what failed: list, show, try, export, discard and redrive."""

from __future__ import annotations

import typer

from segment_rehook_cli.failures.commands.discard_failures import discard
from segment_rehook_cli.failures.commands.export_failures import export
from segment_rehook_cli.failures.commands.list_failures import list_failures
from segment_rehook_cli.failures.commands.redrive_failures import redrive
from segment_rehook_cli.failures.commands.show_failure import show
from segment_rehook_cli.failures.commands.try_mapping import try_mapping

__all__ = ["commands"]

commands = typer.Typer(
    help="What failed: messages that are parked, and messages that wait for their next try.",
    no_args_is_help=True,
)
commands.command(
    "list",
    epilog="Examples: segment-rehook failures list --stack prod · "
    "segment-rehook failures list --stack prod --queue parked --reason rejected --json",
)(list_failures)
commands.command(epilog="Example: segment-rehook failures show --stack prod message-1:track-event")(
    show
)
commands.command(
    "try",
    epilog="Example: segment-rehook failures try --stack prod --destination new.json "
    "--reason mapping_error",
)(try_mapping)
commands.command(
    epilog="Examples: segment-rehook failures export --stack prod --output failures.ndjson · "
    "segment-rehook failures export --stack prod --older-than 10d > old.ndjson"
)(export)
commands.command(
    epilog="Example: segment-rehook failures discard --stack prod --reason not_mapped "
    "--older-than 7d"
)(discard)
commands.command(
    epilog="Examples: segment-rehook failures redrive --stack prod --reason rejected --rate 20 · "
    "segment-rehook failures redrive --stack prod --job mended.json · "
    "segment-rehook failures redrive --stack prod --delivery ID --stored"
)(redrive)
