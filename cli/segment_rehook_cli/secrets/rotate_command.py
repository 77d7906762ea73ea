"""The command `secrets rotate`: add the new one, change it in Segment, remove the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook.aws.parameters import LISTS, SecretName
from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.secrets.asking import read_added_line
from segment_rehook_cli.secrets.guarded_put import ChangedMeanwhile, put_lines
from segment_rehook_cli.secrets.matches import KINDS
from segment_rehook_cli.secrets.parameter_store import SecretVersion, read_versions
from segment_rehook_cli.secrets.rotation import Rotation, RotationStep, rotation_of
from segment_rehook_cli.secrets.secret_values import ValueRefused, cleaned
from segment_rehook_cli.secrets.status_command import matches_of
from segment_rehook_cli.secrets.waiting import wait_for_change
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import Yes, confirmed, confirmed_by_word
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import seconds_of
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["rotate"]

_BY_HAND: Final = {
    SecretName.API_KEY: "a key pair of Rehook's can't be changed within an application. Make "
    "another application in Rehook and put its pair: `segment-rehook secrets put --stack {stack} "
    "rehook/api-key rehook/api-secret`. In between events are stored, and delivered afterwards",
    SecretName.USER_KEY: "two keys can't be in force at a time. `segment-rehook secrets put "
    "--stack {stack} logs/user-key` replaces it; older lines of the log are not found by user then",
}
_BY_HAND[SecretName.API_SECRET] = _BY_HAND[SecretName.API_KEY]


@on_stack
def rotate(
    stack: Stack,
    name: Annotated[
        SecretName, typer.Argument(help="segment/shared-secrets or segment/tokens.")
    ] = SecretName.SHARED_SECRETS,
    *,
    add: Annotated[
        bool, typer.Option("--add", help="Add a new one, although several are live already.")
    ] = False,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=seconds_of,
            help="Watch until a request matches the new one, for so long at most: 30m, 2h.",
        ),
    ] = None,
    early: Annotated[
        bool,
        typer.Option(
            "--early", help="Remove the old ones although Segment may still send events with them."
        ),
    ] = False,
    yes: Yes = False,
) -> None:
    """Do the next step of changing a shared secret or a token of Segment's. Run it again later.

    First the new one is put beside the old one, from a hidden prompt or a pipe. Then you change it
    in Segment; this command says when a request has matched it. Four hours after that and after the
    old one's last match, it removes the old one. What is next, it reads from SSM and the metric.
    """
    if name not in LISTS:
        raise failure(f"{name.value}: {_BY_HAND[name].format(stack=stack.name)}", USAGE)
    _Run(stack, name, yes=yes).next_step(add=add, wait=wait, early=early)


class _Run:
    """One run for one list."""

    def __init__(self, stack: Stack, name: SecretName, *, yes: bool) -> None:
        self._stack = stack
        self._name = name
        self._yes = yes
        self._clock = SystemClock()
        self._what = f"{KINDS[name]} in Segment"
        with exit_on_aws_error():
            self._client: SSMClient = stack.client("ssm")
            versions = read_versions(self._client, stack, name)
        if not versions or not versions[-1].lines:
            raise failure(
                f"there is no {name.value} to change: put the first one with `segment-rehook "
                f"secrets put --stack {stack.name} {name.value}`",
                USAGE,
            )
        self._was: SecretVersion = versions[-1]
        stack.announce()

    def next_step(self, *, add: bool, wait: float | None, early: bool) -> None:
        """Do it, and say what comes next. Exit code FINDINGS while the change is not complete."""
        found = self._look()
        if found.step is RotationStep.ADD or add:
            self._add()
            found = self._look()
        if found.step is RotationStep.CHANGE and not early:
            self._say_change()
            if wait is None:
                raise typer.Exit(FINDINGS)
            found = wait_for_change(self._look, self._clock, wait)
        if early:
            self._remove_early(found)
        elif not (removable := found.removable(self._clock.now())):
            say(f"the new one matches. {self._when(found)}: run this again then")
            raise typer.Exit(FINDINGS)
        else:
            self._remove(found, removable)

    def _look(self) -> Rotation:
        now = self._clock.now()
        with exit_on_aws_error():
            matches = matches_of(self._stack, self._name, now)
        return rotation_of(self._was.lines, matches, now)

    def _add(self) -> None:
        added = read_added_line(self._name)
        if added in self._was.lines:
            raise failure(
                f"{self._name.value}: this one is live already; nothing was put: give a new one",
                USAGE,
            )
        self._put([*self._was.lines, added])
        live = counted(len(self._was.lines), "is", "are")
        typer.echo(f"put {self._name.value}: {live} live now, the new one is the last")

    def _say_change(self) -> None:
        again = f"segment-rehook secrets rotate --stack {self._stack.name}"
        if self._name != SecretName.SHARED_SECRETS:
            again += f" {self._name.value}"
        say(
            f"a minute after it was put, the new one is accepted. Now change the {self._what}, in "
            "each source's destination; no request has matched the new one yet. Then run "
            f"`{again}` again, or with --wait 30m"
        )

    def _remove(self, found: Rotation, removable: list[str]) -> None:
        kept = [line for line in self._was.lines if line not in removable]
        listed = ", ".join(self._described(found, line) for line in removable)
        if not confirmed(f"Remove {listed}?", yes=self._yes):
            raise failure("nothing was removed", FINDINGS)
        self._put(kept)
        typer.echo(f"removed from {self._name.value}: {len(removable)}; live now: {len(kept)}")
        if len(kept) > 1:
            say(self._when(found))
            raise typer.Exit(FINDINGS)

    def _remove_early(self, found: Rotation) -> None:
        if not found.old:
            raise failure("there is no old one to remove", USAGE)
        if not self._yes and not terminal.input_is_terminal():
            raise failure(
                "nothing was changed: there is no terminal to ask on, so give --yes", USAGE
            )
        listed = ", ".join(self._described(found, line) for line in found.old)
        say(
            f"{self._when(found)}. Requests with an old one are refused (401) from then on, and "
            "Segment does not send them again: their events are lost"
        )
        if not confirmed_by_word(f"Remove {listed} now?", self._stack.name, yes=self._yes):
            raise failure("nothing was removed", FINDINGS)
        self._put([found.new])
        typer.echo(f"removed from {self._name.value}: {len(found.old)}; live now: 1")

    def _described(self, found: Rotation, line: str) -> str:
        number = self._was.lines.index(line) + 1
        match = found.matches[line]
        when = f"not matched {match.unmatched(self._clock.now())}"
        if match.last_at is not None:
            when = f"last matched {utc_time(match.last_at)}"
        return f"{KINDS[self._name]}-{number} ({when})"

    def _when(self, found: Rotation) -> str:
        waiting = [each for each in found.safe_at.values() if each > self._clock.now()]
        if not waiting:
            return "the old ones may be removed"
        if min(waiting) == float("inf"):
            return "no request has matched the new one yet"
        return f"an old one may be removed from {utc_time(min(waiting))} on"

    def _put(self, lines: list[str]) -> None:
        try:
            cleaned(self._name, "\n".join(lines))
            with exit_on_aws_error():
                put_lines(self._client, self._stack, self._name, self._was, lines)
                self._was = read_versions(self._client, self._stack, self._name)[-1]
        except ValueRefused as error:
            raise failure(f"{self._name.value}: {error}; nothing was put", USAGE) from None
        except ChangedMeanwhile as error:
            raise failure(str(error), FINDINGS) from None
