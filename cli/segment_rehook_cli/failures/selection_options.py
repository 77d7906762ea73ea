"""The options that choose messages: a decorator gives a command its `Selection`, as `on_stack`."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from segment_rehook.delivery import ids
from segment_rehook.delivery.outcomes import Parked, Stored
from segment_rehook.rehook.reply import ReplyClass
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.terminal.durations import seconds_of
from segment_rehook_cli.terminal.messages import say

__all__ = ["by_selection"]

KNOWN_REASONS: Final = frozenset(map(str, (*Stored, *Parked)))
"""A message of a newer version may have another one, so another one is looked for, too."""

_LISTED: Final = ", ".join(sorted(KNOWN_REASONS))
_QUEUE_URL: Final = re.compile(r"https?://[^/]+/.*[A-Za-z0-9_-]+\.fifo")
_PANEL: Final = "Which messages"


def by_selection(queue: QueueChoice) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace a command's parameter `selection` by options. `queue`: the default of --queue.

    Below `on_stack`: the command takes the stack and the selection as its first parameters.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)

        @functools.wraps(command)
        def wrapped(stack: Any, *arguments: Any, **options: Any) -> None:
            chosen = {name: options.pop(name) for name in _NAMES}
            command(stack, _selection(**chosen), *arguments, **options)

        own = [each for name, each in signature.parameters.items() if name != "selection"]
        parameters = [*own, *_options(queue)]
        wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
        wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
        return wrapped

    return decorate


def _selection(
    *, user: str | None, older_than: float | None, newer_than: float | None, **others: Any
) -> Selection:
    reason = others.get("reason")
    if reason is not None and reason not in KNOWN_REASONS:
        say(f"--reason: this version knows no reason of that name; it knows {_LISTED}")
    if older_than is not None and newer_than is not None and older_than >= newer_than:
        raise typer.BadParameter(
            "nothing is older and newer than these: give more than --older-than has",
            param_hint="--newer-than",
        )
    return Selection(
        user=None if user is None else ids.user_hash(user),
        older_than=older_than,
        newer_than=newer_than,
        **others,
    )


def _queue_url(url: str | None) -> str | None:
    if url is not None and not _QUEUE_URL.fullmatch(url):
        raise typer.BadParameter(
            "this is not the URL of a FIFO queue; give one such as https://sqs.….fifo"
        )
    return url


_TEXTS: Final[dict[str, Any]] = {
    "reason": typer.Option(help="Only with this reason (docs/failures.md)."),
    "code": typer.Option(
        help="Only where Rehook's last answer had this code, such as 400. Waiting messages have "
        "no code: the log has it."
    ),
    "subscription": typer.Option(metavar="ID", help="Only of this subscription."),
    "user": typer.Option(
        metavar="ID",
        help="Only of this user: the source id that Rehook gets. It is hashed, and not printed.",
    ),
    "older_than": typer.Option(
        metavar="DURATION",
        parser=seconds_of,
        help="Only what has been in its queue for longer: 90s, 30m, 12h, 3d.",
    ),
    "newer_than": typer.Option(
        metavar="DURATION",
        parser=seconds_of,
        help="Only what has been in its queue for a shorter time.",
    ),
    "delivery": typer.Option(metavar="ID", help="Only this delivery."),
    "from_queue": typer.Option(
        metavar="URL",
        callback=_queue_url,
        help="Read this queue instead of the stack's, for example a deleted stack's.",
    ),
}
_NAMES: Final = (*_TEXTS, "reply_class", "queue")


def _options(queue: QueueChoice) -> list[inspect.Parameter]:
    made: dict[str, tuple[Any, Any]] = {
        name: (Annotated[float | None if option.parser else str | None, _in_panel(option)], None)
        for name, option in _TEXTS.items()
    }
    made["reply_class"] = (
        Annotated[
            ReplyClass | None,
            typer.Option(
                "--class",
                help="Only where Rehook's last answer had this class, as far as the message has it "
                "(docs/redrive.md).",
                rich_help_panel=_PANEL,
            ),
        ],
        None,
    )
    made["queue"] = (
        Annotated[
            QueueChoice,
            typer.Option(
                help="parked: what was given up. waiting: what is tried again by itself.",
                rich_help_panel=_PANEL,
            ),
        ],
        queue,
    )
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for name, (annotation, default) in made.items()
    ]


def _in_panel(option: Any) -> Any:
    option.rich_help_panel = _PANEL
    return option
