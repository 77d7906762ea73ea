"""What `replay` says before it asks: the plan's counts, and what they mean for the run."""

from __future__ import annotations

from collections.abc import Iterator

from segment_rehook_cli.archive.plan_report import plan_as_json, print_json, show_counts
from segment_rehook_cli.archive.planning import ArchivePlan
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.messages import say

__all__ = ["left_out", "show_plan"]


def left_out(plan: ArchivePlan, options: ReplayOptions) -> int:
    """Count the events that are chosen, are not known to be delivered, and are not sent."""
    if options.again:
        return plan.too_large
    old = 0 if options.beyond_ledger else plan.standings[EventStanding.BEYOND_LEDGER]
    return plan.too_large + old


def show_plan(plan: ArchivePlan, waiting: int, options: ReplayOptions) -> None:
    """Print the plan. `waiting`: how many events would be sent."""
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
    for line in _notes(plan, options):
        say(line)
    pace = f", at {options.rate:g} a second: about {duration(max(seconds, 1))}" if waiting else ""
    to_send = counted(waiting, "is", "are")
    say(f"of {counted(plan.read, 'event')} {to_send} to be sent{pace}")


def _notes(plan: ArchivePlan, options: ReplayOptions) -> Iterator[str]:
    if plan.read != plan.taken:
        yield f"{_events_are(plan.read - plan.taken)} not chosen by the options"
    old = plan.standings[EventStanding.BEYOND_LEDGER]
    if old and not options.beyond_ledger and not options.again:
        yield (
            f"{_events_are(old)} left out: nobody can know what was delivered longer ago than "
            "LedgerDays; --beyond-ledger sends such events too"
        )
    if plan.too_large:
        yield f"{_events_are(plan.too_large)} left out: larger than MaxBodyBytes"
    if plan.standings[EventStanding.PARKED]:
        yield "parked events are sent again with `segment-rehook failures redrive`"
    if plan.unordered:
        yield (
            f"{counted(plan.unordered, 'event has', 'events have')} no time: each keeps its place, "
            "and counts as old as the one before it"
        )
    if options.again:
        yield from _notes_of_repetition(plan)


def _events_are(number: int) -> str:
    return counted(number, "event is", "events are")


def _notes_of_repetition(plan: ArchivePlan) -> Iterator[str]:
    if plan.standings[EventStanding.NEW]:
        yield "--again leaves new events out: replay them without it"
    if plan.kept_by_business_key:
        kept = counted(plan.kept_by_business_key, "event")
        yield f"{kept} can't be repeated: the ledger has the idempotencyKey"
    if plan.repeated_before:
        repeated = counted(plan.repeated_before, "event was", "events were")
        yield f"{repeated} repeated by this job already"
