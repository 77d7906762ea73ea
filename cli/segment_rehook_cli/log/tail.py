"""`segment-rehook tail`: deliveries as they happen."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook.delivery import ids
from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.log.follower import LogFollower
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.stack_logs import log_groups
from segment_rehook_cli.log.time_window import Since, utc_time, window
from segment_rehook_cli.log.user_key import read_user_key
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import seconds_of
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson, printable
from segment_rehook_cli.why.history import step_of
from segment_rehook_cli.why.question import Question, about_message_id, about_user

__all__ = ["LineFilter", "tail"]

DEFAULT_SECONDS: Final = 60.0
COLOURS: Final = {
    str(Outcome.DELIVERED): "green",
    str(Outcome.DUPLICATE): "blue",
    str(Outcome.STORED): "yellow",
    str(Outcome.PARKED): "red",
    str(Outcome.FAILED): "bright_red",
    str(Outcome.DROPPED): "cyan",
    str(Outcome.IGNORED): "bright_black",
}


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Chooses lines: each part that is given must fit."""

    outcomes: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    subscriptions: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()

    def fits(self, line: LoggedOutcome) -> bool:
        """Whether a line is chosen."""
        subscription = line.subscription
        if subscription is None and line.delivery is not None:
            subscription = ids.subscription_of(line.delivery)
        return (
            (not self.outcomes or line.outcome in self.outcomes)
            and (not self.reasons or line.reason in self.reasons)
            and (not self.subscriptions or subscription in self.subscriptions)
            and all(each.matches(line) for each in self.questions)
        )


@on_stack
def tail(  # noqa: PLR0913 — an option each
    stack: Stack,
    *,
    outcome: Annotated[
        list[Outcome] | None, typer.Option(help="Only these outcomes; may be given several times.")
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Only these reasons; may be given several times.")
    ] = None,
    subscription: Annotated[
        list[str] | None, typer.Option(help="Only these subscriptions; may be given several times.")
    ] = None,
    message_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Only the event with this messageId.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this user, by the id that Rehook gets.")
    ] = None,
    since: Since = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for", metavar="TIME", parser=seconds_of, help="End after this time: 30s, 5m or 1h."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show each delivery as the functions log it, until Ctrl-C. It begins a minute ago.

    A line appears some seconds after the delivery. On a terminal the outcome has a colour; in a
    pipe the fields are separated by tabs. Asking costs nothing.
    """
    now = time.time()
    begins = window(since, None, now=now, default=DEFAULT_SECONDS).since
    ends = None if seconds is None else now + seconds
    shown: Counter[str] = Counter()
    try:
        with exit_on_aws_error():
            chosen = LineFilter(
                frozenset(map(str, outcome or ())),
                frozenset(reason or ()),
                frozenset(subscription or ()),
                tuple(_questions(stack, message_id, user)),
            )
            follower = LogFollower(
                stack.client("logs"), log_groups(stack), SystemClock(), begins, _troubled
            )
            for lines in follower.follow(ends):
                for line in filter(chosen.fits, lines):
                    shown[line.outcome] += 1  # before it is shown: then Ctrl-C may come
                    typer.echo(_as_json(line) if as_json else _as_text(line))
    except KeyboardInterrupt:
        pass  # the usual end
    by = ", ".join(f"{number:,} {name}" for name, number in shown.most_common())
    say(counted(shown.total(), "line") + (f": {by}" if by else ""))


def _questions(stack: Stack, message_id: str | None, user: str | None) -> list[Question]:
    questions = []
    if message_id is not None:
        try:
            questions.append(about_message_id(message_id))
        except ValueError as error:
            raise failure(f"--message-id: {error}", USAGE) from None
    if user is not None:
        questions.append(about_user(ids.logged_user(ids.user_hash(user), read_user_key(stack))))
    return questions


def _troubled(code: str) -> None:
    say(f"FilterLogEvents: {code}: it is tried again, with longer and longer pauses")


def _as_json(line: LoggedOutcome) -> str:
    return msgspec.json.encode(step_of(line)).decode()


def _as_text(line: LoggedOutcome) -> str:
    on_terminal = terminal.output_is_terminal()
    words = [
        utc_time(line.at)[11:19] if on_terminal else utc_time(line.at),
        line.service,
        line.outcome,
        line.reason or "",
        line.delivery or line.message_id or "",
        line.code or "",
        "" if line.milliseconds is None else f"{line.milliseconds:.0f} ms",
        "" if line.tries is None or line.service == "ingest" else f"try {line.tries}",
        "" if line.next_try_seconds is None else f"again in {line.next_try_seconds:.0f} s",
        line.rehook_request_id or "",
        line.ignored or "",
    ]
    if not on_terminal:
        return "\t".join(map(printable, words))
    said = " ".join(filter(None, map(printable, words)))
    if os.environ.get("NO_COLOR"):
        return said
    word = printable(line.outcome)
    return said.replace(word, typer.style(word, fg=COLOURS.get(line.outcome)), 1)
