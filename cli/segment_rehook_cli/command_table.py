"""The commands by their names: where each one's function is, and the examples of its help.

A command's module is loaded when the command is run, or its help is shown: all of them together
take some 300 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["COMMANDS", "CommandGroup", "CommandPlace"]


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """A command. `place`: "module:function", below this package. `example`: the end of its help."""

    place: str
    example: str


@dataclass(frozen=True, slots=True)
class CommandGroup:
    """Commands under a common name."""

    help: str
    example: str
    commands: Mapping[str, CommandPlace]


_FAILURES: Final = CommandGroup(
    "What failed: messages that are parked, and messages that wait for their next try.",
    "Examples: segment-rehook failures list --stack prod · "
    "segment-rehook failures redrive --stack prod --reason rejected",
    {
        "list": CommandPlace(
            "failures.commands.list_failures:list_failures",
            "Examples: segment-rehook failures list --stack prod · "
            "segment-rehook failures list --stack prod --queue parked --reason rejected --json",
        ),
        "show": CommandPlace(
            "failures.commands.show_failure:show",
            "Example: segment-rehook failures show --stack prod message-1:track-event",
        ),
        "try": CommandPlace(
            "failures.commands.try_mapping:try_mapping",
            "Example: segment-rehook failures try --stack prod --destination new.json "
            "--reason mapping_error",
        ),
        "export": CommandPlace(
            "failures.commands.export_failures:export",
            "Examples: segment-rehook failures export --stack prod --output failures.ndjson · "
            "segment-rehook failures export --stack prod --older-than 10d > old.ndjson",
        ),
        "discard": CommandPlace(
            "failures.commands.discard_failures:discard",
            "Example: segment-rehook failures discard --stack prod --reason not_mapped "
            "--older-than 7d",
        ),
        "redrive": CommandPlace(
            "failures.commands.redrive_failures:redrive",
            "Examples: segment-rehook failures redrive --stack prod --reason rejected --rate 20 · "
            "segment-rehook failures redrive --stack prod --job mended.json · "
            "segment-rehook failures redrive --stack prod --delivery ID --stored",
        ),
    },
)

_SECRETS: Final = CommandGroup(
    "The secrets of a stack: put, check, change.",
    "Examples: segment-rehook secrets put --stack prod · "
    "segment-rehook secrets status --stack prod",
    {
        "put": CommandPlace(
            "secrets.put_command:put",
            "Examples: segment-rehook secrets put --stack prod · "
            "segment-rehook secrets put --stack prod segment/shared-secrets < secrets.txt",
        ),
        "status": CommandPlace(
            "secrets.status_command:status",
            "Examples: segment-rehook secrets status --stack prod · "
            "segment-rehook secrets status --stack prod --json",
        ),
        "rotate": CommandPlace(
            "secrets.rotate_command:rotate",
            "Examples: segment-rehook secrets rotate --stack prod · "
            "segment-rehook secrets rotate --stack prod --wait 2h · "
            "segment-rehook secrets rotate --stack prod segment/tokens",
        ),
    },
)

COMMANDS: Final[Mapping[str, CommandPlace | CommandGroup]] = {
    "mode": CommandPlace(
        "stack.mode:mode",
        "Examples: segment-rehook mode --stack prod · segment-rehook mode --stack prod pause",
    ),
    "cutover": CommandPlace(
        "cutover.command:cutover",
        "Examples: segment-rehook cutover --stack prod --at 2026-01-15T12:00:00Z "
        "--list discarded.json · segment-rehook cutover --stack prod --show · "
        "segment-rehook cutover --stack prod --finish",
    ),
    "validate": CommandPlace(
        "mapping.validate:validate",
        "Examples: segment-rehook validate · segment-rehook validate layers/destination/dev.json",
    ),
    "why": CommandPlace(
        "why.command:why",
        "Examples: segment-rehook why 5f1c0e9a --stack prod · "
        "segment-rehook why --user u-42 --stack prod · "
        "segment-rehook why --order 1001 --stack prod",
    ),
    "tail": CommandPlace(
        "log.tail:tail",
        "Examples: segment-rehook tail --stack prod · "
        "segment-rehook tail --stack prod --outcome parked --outcome stored · "
        "segment-rehook tail --sandbox --for 30s --json",
    ),
    "preview": CommandPlace(
        "mapping.commands:preview",
        "Examples: segment-rehook preview events/track-order-completed.json · "
        "segment-rehook preview --destination presets/ecommerce.json < events/batch.json",
    ),
    "diff": CommandPlace(
        "diff.command:diff",
        "Examples: segment-rehook diff --stack prod --events events/*.json · "
        "segment-rehook diff --base old.json --destination new.json --events archive.ndjson.gz",
    ),
    "evaluate": CommandPlace(
        "mapping.commands:evaluate",
        "Example: echo "
        """'{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}' """
        "| segment-rehook evaluate",
    ),
    "schema": CommandPlace(
        "mapping.commands:schema", "Example: segment-rehook schema > destination.schema.json"
    ),
    "import": CommandPlace(
        "hosted.import_command:import_destination",
        "Example: segment-rehook import --destination-id fP7qoQw2HTWt9WdMr718gn "
        "--out layers/destination/destination.json",
    ),
    "drift": CommandPlace(
        "hosted.drift_command:drift",
        "Example: segment-rehook drift --destination-id fP7qoQw2HTWt9WdMr718gn",
    ),
    "replay": CommandPlace(
        "archive.replay_command:replay",
        "Examples: segment-rehook replay segment-logs/*/*/*.gz --stack prod --dry-run · "
        "segment-rehook replay archive.ndjson --stack prod --since 2026-11-01 --type track "
        "--rate 50 · segment-rehook replay archive.ndjson --sandbox --again --job again.job",
    ),
    "reconcile": CommandPlace(
        "archive.reconcile_command:reconcile",
        "Examples: segment-rehook reconcile segment-logs/*/*/*.gz --stack prod --since 2d · "
        "segment-rehook reconcile archive.ndjson --stack prod --look-in-queues --json",
    ),
    "doctor": CommandPlace(
        "doctor.command:doctor",
        "Examples: segment-rehook doctor --stack prod · "
        "segment-rehook doctor --stack prod --alarm EventsParkedLately · "
        "segment-rehook doctor --sandbox --json",
    ),
    "erase": CommandPlace(
        "erasing.erase_command:erase",
        "Examples: segment-rehook erase --stack prod · "
        "segment-rehook erase - --stack prod --dry-run < ids.txt",
    ),
    "secrets": _SECRETS,
    "failures": _FAILURES,
}
