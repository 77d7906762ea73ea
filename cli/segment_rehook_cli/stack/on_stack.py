"""The options that choose the stack on which a command works: a deployed one or the sandbox's.

A command that is decorated with `on_stack` takes a `Stack` as its first parameter. On the command
line this parameter is four options: --stack, --region, --profile and --sandbox.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from segment_rehook_cli.stack.stack import Location, Stack, look_up
from segment_rehook_cli.terminal.exit_codes import REFUSED, USAGE
from segment_rehook_cli.terminal.messages import failure

__all__ = ["StackChoice", "if_on_stack", "on_stack"]

P = ParamSpec("P")

MAX_NAME_LENGTH: Final = 49
STACK_VARIABLE: Final = "SEGMENT_REHOOK_STACK"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class StackChoice:
    """The stack that the options choose. AWS is asked for it when it is looked up."""

    name: str | None
    location: Location
    sandbox: bool

    @property
    def given(self) -> bool:
        """Whether the options, or the variable, name a stack."""
        return self.sandbox or self.name is not None

    def look_up(self) -> Stack:
        """Find the stack. Ends the command with one line if there is none, or it can't be used."""
        if self.sandbox:
            return _sandbox()
        if self.name is None:
            raise failure(f"name the stack: --stack NAME or {STACK_VARIABLE}, or --sandbox", USAGE)
        return look_up(self.name, self.location)


def on_stack(command: Callable[Concatenate[Stack, P], None]) -> Callable[..., None]:
    """Give a command its stack. Without --stack and --sandbox the command ends with exit code 2."""

    def with_stack(choice: StackChoice, /, *arguments: P.args, **options: P.kwargs) -> None:
        command(choice.look_up(), *arguments, **options)

    return _with_options(command, with_stack)


def if_on_stack(command: Callable[Concatenate[StackChoice, P], None]) -> Callable[..., None]:
    """Give a command the choice of its stack, which it may look up or not."""
    return _with_options(command, command)


def _with_options(
    command: Callable[..., None], run: Callable[Concatenate[StackChoice, P], None]
) -> Callable[..., None]:
    """Replace the parameter `stack` of `command` by the options, and call `run` with the choice."""
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def wrapped(
        stack_name: str | None,
        region: str | None,
        profile: str | None,
        sandbox: bool,
        *arguments: P.args,
        **options: P.kwargs,
    ) -> None:
        if sandbox and (region is not None or profile is not None):
            raise failure(
                "--sandbox has its own region and credentials: leave the others out", USAGE
            )
        choice = StackChoice(stack_name, Location(region, profile), sandbox)
        run(choice, *arguments, **options)

    own = [each for name, each in signature.parameters.items() if name != "stack"]
    parameters = [*own, *_OPTIONS]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def _sandbox() -> Stack:
    from segment_rehook_cli.stack.running_sandbox import NoSandbox, find  # noqa: PLC0415 — few need it

    try:
        running = find()
    except NoSandbox as error:
        raise failure(str(error), REFUSED) from None
    return look_up(running.stack, Location.of_environment(running.environment))


def _checked(name: str | None) -> str | None:
    if name is None:
        return None
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("use only letters, digits and hyphens, beginning with a letter")
    if len(name) > MAX_NAME_LENGTH:
        raise typer.BadParameter(
            f"the name has {len(name)} characters; a stack of this template can have "
            f"{MAX_NAME_LENGTH}, because its queues are named after it"
        )
    return name


def _not_empty(text: str | None) -> str | None:
    if text == "":
        raise typer.BadParameter("it is empty; leave it out, or give a name such as eu-west-1")
    return text


def _option(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


_PANEL: Final = "Stack"
_OPTIONS: Final = (
    _option(
        "stack_name",
        Annotated[
            str | None,
            typer.Option(
                "--stack",
                help="The CloudFormation stack's name.",
                envvar=STACK_VARIABLE,
                callback=_checked,
                metavar="NAME",
                rich_help_panel=_PANEL,
            ),
        ],
    ),
    _option(
        "region",
        Annotated[
            str | None,
            typer.Option(
                help="The AWS region; by default, that of your AWS configuration.",
                callback=_not_empty,
                rich_help_panel=_PANEL,
            ),
        ],
    ),
    _option(
        "profile",
        Annotated[
            str | None,
            typer.Option(
                help="The profile of your AWS configuration; by default, AWS_PROFILE.",
                callback=_not_empty,
                rich_help_panel=_PANEL,
            ),
        ],
    ),
    _option(
        "sandbox",
        Annotated[
            bool,
            typer.Option(
                "--sandbox",
                help="The running sandbox (docs/sandbox.md) in place of a stack on AWS.",
                rich_help_panel=_PANEL,
            ),
        ],
        default=False,
    ),
)
