"""What `replay` says before it asks: the plan's counts, and what they mean for the run."""

from __future__ import annotations

from collections.abc import Iterator

from segment_rehook_cli.archive.plan_report import plan_as_json, print_json, show_counts
from segment_rehook_cli.archive.planning import ArchivePlan
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.archive.standing import EventStanding
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
    say(f"of {plan.read} events {waiting} are to be sent{pace}")


def _notes(plan: ArchivePlan, options: ReplayOptions) -> Iterator[str]:
    if plan.read != plan.taken:
        yield f"{plan.read - plan.taken} events are not chosen by the options"
    old = plan.standings[EventStanding.BEYOND_LEDGER]
    if old and not options.beyond_ledger and not options.again:
        yield (
            f"{old} events are left out: they are older than LedgerDays, so that nobody can know "
            "whether they were delivered; --beyond-ledger sends them too"
        )
    if plan.too_large:
        yield f"{plan.too_large} events are left out: they are larger than MaxBodyBytes"
    if plan.standings[EventStanding.PARKED]:
        yield "parked events are sent again with `segment-rehook failures redrive`"
    if plan.unordered:
        yield (
            f"{plan.unordered} events have no time: each keeps its place, and counts as old as the "
            "one before it"
        )
    if options.again:
        yield from _notes_of_repetition(plan)


def _notes_of_repetition(plan: ArchivePlan) -> Iterator[str]:
    if plan.standings[EventStanding.NEW]:
        yield "--again leaves new events out: replay them without it"
    if plan.kept_by_business_key:
        yield (
            f"{plan.kept_by_business_key} events can't be repeated: the ledger knows them by their "
            "idempotencyKey"
        )
    if plan.repeated_before:
        yield f"{plan.repeated_before} events were repeated by this job already"
