"""The whole command line as typer runs it: commands are loaded late, and Ctrl-C ends each alike."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from segment_rehook_cli.command_table import COMMANDS, CommandGroup, CommandPlace
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED
from segment_rehook_cli.terminal.help_text import FlowingCommand
from segment_rehook_cli.terminal.messages import failure

__all__ = ["CommandLine"]

PACKAGE = "segment_rehook_cli"


class LateCommands(UserDict[str, Any]):
    """typer's commands by their names. Each is made, and its module loaded, when it is got."""

    def __init__(self, places: Mapping[str, CommandPlace | CommandGroup]) -> None:
        super().__init__(places)

    def __getitem__(self, name: str) -> Any:
        """Give the command. Raises KeyError."""
        found = super().__getitem__(name)
        if isinstance(found, CommandPlace):
            found = self.data[name] = _command(name, found)
        elif isinstance(found, CommandGroup):
            found = self.data[name] = _group(name, found)
        return found


class CommandLine(TyperGroup):
    """All commands. An interruption is one line and the exit code INTERRUPTED.

    A command that has done something by then catches KeyboardInterrupt itself, says what it has
    done, and ends with the same code.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LateCommands(COMMANDS)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the words choose."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise failure("interrupted", INTERRUPTED) from None
        except typer.Abort as ended:  # of a question: by Ctrl-C, or by the end of the input
            if not isinstance(ended.__context__, KeyboardInterrupt):
                raise
            raise failure("interrupted", INTERRUPTED) from None


def _command(name: str, found: CommandPlace) -> Any:
    module, _, function = found.place.partition(":")
    app = typer.Typer(add_completion=False)
    command = getattr(import_module(f"{PACKAGE}.{module}"), function)
    app.command(name, cls=FlowingCommand, epilog=found.example)(command)
    return get_command(app)


def _group(name: str, found: CommandGroup) -> TyperGroup:
    group = get_group(typer.Typer(help=found.help, epilog=found.example, no_args_is_help=True))
    group.name = name
    group.commands = LateCommands(found.commands)
    return group
