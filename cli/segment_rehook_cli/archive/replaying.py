"""One run of `replay`: the plan, the questions, the sending and the summary."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Final

import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook.delivery.stack_parameters import Instructions, Mode
from segment_rehook_cli.archive.archive_stack import (
    destination_for,
    ledger_days,
    ledger_of,
    read_plan,
)
from segment_rehook_cli.archive.left_out import LeftOutCounts
from segment_rehook_cli.archive.plan_report import print_json
from segment_rehook_cli.archive.planning import ArchivePlan, Planning
from segment_rehook_cli.archive.replay_job import kept_replay
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.archive.replay_plan import show_plan
from segment_rehook_cli.archive.sending import Sending
from segment_rehook_cli.archive.spool import Spool
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.archive.webhook_client import WebhookClient, https_transport
from segment_rehook_cli.archive.webhook_secret import read_shared_secret
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.stack.state import CutoverSet, StackState, read_state
from segment_rehook_cli.terminal.confirm import confirmed, confirmed_by_word
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import FINDINGS, INTERRUPTED, REFUSED
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ssm.client import SSMClient

__all__ = ["Replaying"]

MARKER_BYTES: Final = 6
MAX_BODY_BYTES: Final = 6_000_000
"""The template's default of MaxBodyBytes."""

NOTHING_SENT: Final = "nothing was sent: "


class Replaying:
    """A run on one stack. Its methods may end the command with one line and an exit code."""

    def __init__(self, stack: Stack, options: ReplayOptions) -> None:
        self._stack = stack
        self._now = time.time()
        marker = secrets.token_hex(MARKER_BYTES)
        self._kept = kept_replay(stack, options, marker=marker, now=self._now)
        self._options = self._kept.options

    def run(self) -> None:
        """Plan, ask, send, and end with a summary."""
        options, job = self._options, self._kept.job
        if job.ended:
            self._end_again()
            return
        self._stack.announce()
        state = self._state()
        webhook = None if options.dry_run else self._webhook(state.mode.mode)
        spool = Spool()
        try:
            plan = self._plan(spool, state.cutover)
            waiting = spool.number_waiting()
            job.left_out = LeftOutCounts.of_plan(plan, options)
            show_plan(plan, waiting, job.left_out, options)
            if webhook is None:
                return
            if waiting and not self._agreed(waiting):
                self._summarise({}, waiting)
                raise typer.Exit(FINDINGS)
            self._kept.begin()
            self._send(webhook, spool)
        finally:
            spool.close()

    def _end_again(self) -> None:
        """Say what came of a job that has ended, with the exit code of its end."""
        job = self._kept.job
        say(f"{self._options.job}: this job has ended; it sent {job.sent_by_outcome}")
        for line in job.left_out.lines():
            say(line)
        if job.left_out.total:
            say("a run with other options needs another job file")
        self._summarise({}, 0)
        if job.incomplete:
            raise typer.Exit(FINDINGS)

    def _state(self) -> StackState:
        """Read mode and cut-over; say it if one is set."""
        with exit_on_aws_error():
            client: SSMClient = self._stack.client("ssm")
            state = read_state(client, self._stack.secrets_path)
        for warning in state.warnings:
            say(warning)
        if state.cutover is not None and state.cutover.at is not None:
            say(
                f"a cut-over at {state.cutover.text} is set: what Segment received before it is "
                "dropped"
            )
        return state

    def _webhook(self, mode: Mode) -> WebhookClient:
        """Give the webhook. `mode`: the stack's."""
        stack = self._stack
        with exit_on_aws_error():
            url = stack.output("WebhookUrl")
        if mode is Mode.DRY_RUN:
            raise failure(
                "nothing was sent: the stack's mode is dry-run, in which it delivers nothing; set "
                "another one with `segment-rehook mode`"
            )
        if mode is Mode.PAUSE:
            say("the stack's mode is pause: what is sent is stored until the mode is deliver")
        secret = read_shared_secret(stack)
        try:
            transport = https_transport(url)
        except ValueError as error:
            raise failure(f"{NOTHING_SENT}{error}", REFUSED) from None
        return WebhookClient(
            transport, secret, batches=stack.parameters.get("BatchToken") != "required"
        )

    def _plan(self, spool: Spool, cutover: CutoverSet | None) -> ArchivePlan:
        options, job = self._options, self._kept.job
        sends = {EventStanding.NEW} | (
            {EventStanding.BEYOND_LEDGER} if options.beyond_ledger else set()
        )
        planning = Planning(
            destination=destination_for(self._stack, None),
            ledger=ledger_of(self._stack),
            choice=options.choice,
            now=self._now,
            ledger_days=ledger_days(self._stack),
            sends=frozenset(sends),
            marker=job.marker,
            job_started_at=job.started_at,
            max_bytes=self._max_bytes,
            # In a pause too: what is stored now is discarded when the mode is deliver.
            instructions=Instructions(paused=False, cutover=cutover.at if cutover else None),
        )
        plan = read_plan(options.files, planning, spool, consequence=NOTHING_SENT)
        self._kept.belongs_to(plan.digest)
        return plan

    @property
    def _max_bytes(self) -> int:
        given = self._stack.parameters.get("MaxBodyBytes", "")
        return int(given) if given.isdecimal() else MAX_BODY_BYTES

    def _agreed(self, waiting: int) -> bool:
        yes = self._options.yes
        if not self._options.again:
            return confirmed(f"Send {counted(waiting, 'event')}?", yes=yes)
        question = f"Send {counted(waiting, 'event')} again that Rehook has accepted before?"
        return confirmed(question, yes=yes) and confirmed_by_word(
            "Customers can get their rewards twice.", "again", yes=yes
        )

    def _send(self, webhook: WebhookClient, spool: Spool) -> None:
        sending = Sending(webhook, spool, SystemClock(), self._options.rate, self._max_bytes, say)
        interrupted = False
        try:
            with progress(spool.number_waiting(), "events sent") as show:

                def round_end(number: int) -> None:
                    show(number)
                    self._kept.progress(sending.outcomes)

                sending.run(round_end)
        except KeyboardInterrupt:
            interrupted = True
        left = spool.number_waiting()
        self._kept.keep(sending.outcomes, ended=not left)
        self._summarise(sending.outcomes, left)
        for (outcome, reason), number in sorted(sending.reasons.items()):
            say(f"{outcome}, {reason}: {number}")
        if self._kept.sent_before:
            say(f"this job has sent {self._kept.job.sent_by_outcome}")
        if sending.stopped:
            say(sending.stopped)
        if interrupted:
            raise failure("interrupted; the same command sends what is left", INTERRUPTED)
        if sending.stopped and not sending.answered:
            raise typer.Exit(REFUSED)
        if left or self._kept.job.incomplete:
            raise typer.Exit(FINDINGS)

    def _summarise(self, outcomes: Mapping[str, int], left: int) -> None:
        """Print the summary. `left`: to be sent, and not sent."""
        left_out = self._kept.job.left_out.total
        counts = {"sent": sum(outcomes.values()), **dict(sorted(outcomes.items())), "left": left}
        if self._options.as_json:
            print_json({"summary": {**counts, "leftOut": left_out}})
            return
        counts["left out"] = left_out
        typer.echo(", ".join(f"{name}: {number}" for name, number in counts.items()))
