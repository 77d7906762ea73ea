"""A cut-over as a conversation: shows figures, asks, carries out the steps, and says what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.cutover.checks import Readiness, checks
from segment_rehook_cli.cutover.outcomes_log import OutcomesLog
from segment_rehook_cli.cutover.report import Report
from segment_rehook_cli.cutover.steps import RETRY_SECONDS, Changed, Cutover
from segment_rehook_cli.stack.mode import set_mode
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.stack.state import FRESH_SECONDS, StackState
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import confirmed, confirmed_by_word
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.exit_codes import FINDINGS
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

__all__ = ["Dialogue"]

WAITS: Final = (
    "what is stored is delivered within three minutes of the change if redrive has looked at it "
    "since the cut-over was set, else within two hours"
)


@dataclass(slots=True)
class Dialogue:
    """One run of the command on one stack."""

    stack: Stack
    steps: Cutover
    report: Report
    yes: bool

    def cut_over(self, at: float, *, only_check: bool) -> None:
        """Check, ask, and carry out; or go on with what is under way."""
        self.stack.announce()
        state = self.steps.state()
        self._warn(state)
        under_way = state.cutover is not None and state.cutover.at == at
        if under_way and state.mode.mode is Mode.DELIVER and not only_check:
            say(f"the cut-over at {time_text(at)} is under way: going on")
            self._follow(at)
            return
        if not only_check:
            state = self._prepared(state, at)
        self._check(state, at)
        if only_check:
            return
        if not self._agreed(at):
            raise failure("nothing was changed")
        self._carry_out(at)

    def show(self) -> None:
        """Show the cut-over that is set, and what it has discarded so far."""
        state = self.steps.state()
        self._warn(state)
        waiting = self.steps.figures.waiting()
        now = self.steps.clock.now()
        cutover = state.cutover
        self.report.state(
            {
                "stack": self.stack.name,
                "cutover": None if cutover is None else cutover.text,
                "set": None if cutover is None else time_text(round(cutover.since)),
                "mode": state.mode.mode.value,
                "mode_since": _time_or_none(state.mode.since),
                "waiting": waiting,
                "finish_from": None
                if cutover is None or cutover.at is None
                else time_text(cutover.at + RETRY_SECONDS),
                "finish_in": None
                if cutover is None or cutover.at is None
                else duration(cutover.at + RETRY_SECONDS - now),
            }
        )
        if cutover is not None:
            log = self._log(cutover.since)
            log.look()
            self.report.outcomes(log, waiting)

    def cancel(self) -> None:
        """Go back to `pause`, and remove the cut-over when no function delivers any more."""
        self.stack.announce()
        state = self.steps.state()
        if state.cutover is None:
            raise failure("no cut-over is set: nothing was changed")
        question = (
            f"Go back to pause, and forget the cut-over at {state.cutover.text}? What is stored "
            "stays stored; what was delivered or discarded so far stays so."
        )
        if not confirmed_by_word(question, self.stack.name, yes=self.yes):
            raise failure("nothing was changed")
        self._wait(self.steps.pause(), "until all functions have stopped delivering")
        self.steps.remove()
        say(f"{self.stack.name}: pause; the cut-over is cancelled. Enable the hosted destination")

    def finish(self) -> None:
        """Remove the cut-over, if nothing of before it can come any more."""
        self.stack.announce()
        findings = self._unfinished(self._delivering())
        for finding in findings:
            say(f"too early: {finding}")
        question = "Remove the cut-over all the same? Events of before it may be delivered twice."
        if findings and not confirmed_by_word(question, self.stack.name, yes=self.yes):
            raise failure("nothing was changed")
        self.show()
        self._delivering()  # an answer takes a while: somebody may have paused meanwhile
        self.steps.remove()
        say(f"{self.stack.name}: the cut-over is finished")

    def _delivering(self) -> StackState:
        """Read the parameters; end the command unless a cut-over is set and in force."""
        state = self.steps.state()
        if state.cutover is None:
            raise failure("no cut-over is set: nothing was changed")
        if state.mode.mode is not Mode.DELIVER:
            raise failure(
                f"the mode is {state.mode.mode.value}: what is stored of before the cut-over would "
                "be delivered. End the cut-over first, with --at, or --cancel it"
            )
        return state

    def _unfinished(self, state: StackState) -> list[str]:
        at = None if state.cutover is None else state.cutover.at
        now = self.steps.clock.now()
        findings = []
        if at is None or now < at + RETRY_SECONDS:
            left = "" if at is None else f" for {duration(at + RETRY_SECONDS - now)}"
            findings.append(f"Segment may send events of before it again{left}")
        waiting = self.steps.figures.waiting()
        if waiting:
            age = self.steps.figures.oldest(now)
            # In a pause after the cut-over, Segment's retries of before it were stored too.
            stored_until = max(at or 0.0, (state.mode.since or 0.0) + FRESH_SECONDS)
            if age is None or at is None or now - age < stored_until:
                may_be = "event waits, and may be", "events wait, and some may be"
                findings.append(f"{counted(waiting, *may_be)} of before it")
        return findings

    def _prepared(self, state: StackState, at: float) -> StackState:
        """Ask about another cut-over that is set, and about a mode other than `pause`."""
        if state.cutover is not None and state.cutover.at != at:
            question = (
                f"A cut-over at {state.cutover.text} is set, and the mode is "
                f"{state.mode.mode.value}. Replace it by {time_text(at)}?"
            )
            if not confirmed(question, yes=self.yes):
                raise failure("nothing was changed")
        if state.mode.mode is not Mode.PAUSE and not self.yes and terminal.input_is_terminal():
            question = f"The mode is {state.mode.mode.value}. Set it to pause now?"
            if confirmed(question, yes=False):
                set_mode(self.steps.ssm, self.steps.path, Mode.PAUSE)
                return self.steps.state()
        return state

    def _check(self, state: StackState, at: float) -> None:
        made = list(checks(state, self.steps.figures, at, self.steps.clock.now()))
        self.report.checks(made)
        bad = [each for each in made if each.readiness is Readiness.NO_GO]
        if bad:
            raise failure(f"no-go: {', '.join(each.name for each in bad)}", FINDINGS)
        unknown = [each.name for each in made if each.readiness is Readiness.UNKNOWN]
        say("go" + (f"; not known: {', '.join(unknown)}" if unknown else ""))

    def _agreed(self, at: float) -> bool:
        question = (
            f"Is the hosted destination disabled since {time_text(at)}, or will it be then? What "
            "Segment received before is discarded, and can't be brought back by this command."
        )
        return confirmed_by_word(question, self.stack.name, yes=self.yes)

    def _carry_out(self, at: float) -> None:
        try:
            self.steps.announce(at)
            say(f"the cut-over at {time_text(at)} is set; {WAITS}")
            self._wait(self.steps.seconds_to_deliver(at), "until all functions know of it")
            self.steps.deliver(at)
        except Changed as changed:
            raise failure(str(changed)) from None
        say("the mode is deliver, within a minute")
        self._follow(at)

    def _follow(self, at: float) -> None:
        cutover = self.steps.state().cutover
        log = self._log(at if cutover is None else cutover.since)
        waiting = self.steps.figures.waiting()
        begun = waiting
        try:
            with progress(waiting or None, "events settled") as told:

                def count(left: int) -> None:
                    nonlocal waiting
                    waiting = left
                    told(max(begun - left, 0))

                self.steps.drain(at, log, count)
        except Changed as changed:
            raise failure(str(changed)) from None
        finally:
            # Also where it is interrupted, or AWS does not answer: the deliveries go on.
            self.report.outcomes(log, waiting)
        say(
            f"finish it from {time_text(at + RETRY_SECONDS)} on, with `segment-rehook cutover "
            f"--stack {self.stack.name} --finish`: until then Segment may send older events again, "
            "which are dropped"
        )

    def _log(self, since: float) -> OutcomesLog:
        return OutcomesLog(self.stack.client("logs"), self.stack, since)

    def _wait(self, seconds: float, why: str) -> None:
        if seconds <= 0:
            return
        say(f"waiting {duration(seconds)} {why}")
        with progress(int(seconds), "seconds") as told:
            self.steps.wait(seconds, told)

    def _warn(self, state: StackState) -> None:
        for warning in state.warnings:
            say(warning)


def _time_or_none(moment: float | None) -> str | None:
    return None if moment is None else time_text(round(moment))
