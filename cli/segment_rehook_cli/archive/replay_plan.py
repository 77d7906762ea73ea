"""What `replay` says before it asks: the plan's counts, and what they mean for the run."""

from __future__ import annotations

from collections.abc import Iterator

from segment_rehook_cli.archive.left_out import LeftOutCounts
from segment_rehook_cli.archive.plan_report import plan_as_json, print_json, show_counts
from segment_rehook_cli.archive.planning import ArchivePlan
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.messages import say

__all__ = ["show_plan"]


def show_plan(
    plan: ArchivePlan, waiting: int, left_out: LeftOutCounts, options: ReplayOptions
) -> None:
    """Print the plan. `waiting`: how many events would be sent; `left_out`: which would not."""
    seconds = waiting / options.rate
    if options.as_json:
        members = {
            **plan_as_json(plan, plan.standings),
            "toSend": waiting,
            "repeatedBefore": plan.repeated_before,
            "keptByBusinessKey": plan.kept_by_business_key,
            "tooLarge": plan.too_large,
            "ratePerSecond": options.rate,
            "seconds": round(seconds),
        }
        print_json({"plan": members})
    else:
        show_counts(plan, plan.standings)
    for line in _notes(plan, left_out, options):
        say(line)
    pace = f", at {options.rate:g} a second: about {duration(max(seconds, 1))}" if waiting else ""
    to_send = counted(waiting, "is", "are")
    say(f"of {counted(plan.read, 'event')} {to_send} to be sent{pace}")


def _notes(plan: ArchivePlan, left_out: LeftOutCounts, options: ReplayOptions) -> Iterator[str]:
    if plan.read != plan.taken:
        unchosen = counted(plan.read - plan.taken, "event is", "events are")
        yield f"{unchosen} not chosen by the options"
    yield from left_out.lines()
    if plan.standings[EventStanding.PARKED]:
        yield "parked events are sent again with `segment-rehook failures redrive`"
    if plan.unordered:
        yield (
            f"{counted(plan.unordered, 'event has', 'events have')} no time: each keeps its place, "
            "and counts as old as the one before it"
        )
    if options.again and plan.standings[EventStanding.NEW]:
        yield "--again leaves new events out: replay them without it"
    if plan.repeated_before:
        repeated = counted(plan.repeated_before, "event was", "events were")
        yield f"{repeated} repeated by this job already"
