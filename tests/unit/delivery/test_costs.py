"""What each path costs: the figures of the pages, counted in calls on the table and the queues."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE, LOOK_EVERY
from tests.unit.delivery.samples import track
from tests.unit.delivery.world import World
from tools.fakes import rehook

DOCS = Path(__file__).parents[3] / "docs"
READS = {"marks.read"}
WRITES = {
    *("ledger.swap", "ledger.take_queued", "ledger.settle_and_clear", "marks.put", "marks.clear")
}
TWO_UNITS = {"ledger.settle_and_clear"}
"""Calls that write two items."""
SQS = {"dead.send", "parking.send", "dead.change_visibility"}


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """A page's table below a heading: the cells of each row by its first one."""
    section = (DOCS / page).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return {first: rest for first, *rest in (line.split(" | ") for line in lines)}


def figure(cell: str) -> int:
    """The number that a cell begins with; a dash is nothing."""
    return 0 if cell.startswith("–") else int(re.split(r"\W", cell)[0])


def counted(world: World, operations: set[str]) -> int:
    """How often the world was asked for any of these operations, in units of the table."""
    calls: Counter[str] = world.table.calls + world.queues.calls
    return sum(calls[each] * (2 if each in TWO_UNITS else 1) for each in operations)


def delivered(world: World) -> None:
    """Rehook takes it at once."""
    world.post(track())


def duplicate(world: World) -> None:
    """It comes again after it was delivered."""
    world.post(track())
    forget(world)
    world.post(track())


def parked(world: World) -> None:
    """Rehook refuses it for good."""
    world.rehook.script.append(rehook.REJECTED)
    world.post(track())


def stored(world: World) -> None:
    """Rehook can't be reached."""
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())


def behind(world: World) -> None:
    """An earlier event of the user waits."""
    stored(world)
    forget(world)
    world.post(track("m2"))


def over_budget(world: World) -> None:
    """There is no time left to call."""
    environment = world.ingest()
    environment.webhook.budget = 0.0
    world.post(track(), on=environment)


def redriven(world: World) -> None:
    """A stored event, delivered by redrive."""
    stored(world)
    forget(world)
    world.poll()


def redriven_in_vain(world: World) -> None:
    """A stored event that fails again."""
    stored(world)
    forget(world)
    world.rehook.script.append(rehook.UNREACHABLE)
    world.poll()


def redriven_and_parked(world: World) -> None:
    """A stored event that Rehook then refuses for good."""
    stored(world)
    forget(world)
    world.rehook.script.append(rehook.REJECTED)
    world.poll()


def discarded(world: World) -> None:
    """An event that was stored in a pause, and is of before the cut-over."""
    world.store_secrets(mode="pause")
    world.post(track())
    world.store_secrets(mode="deliver", cutover=world.clock.now() + 1.0)
    forget(world)
    world.poll()


def behind_and_redriven(world: World) -> None:
    """The cost of the second event of a user, without the first one's."""
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())
    mark = world.marks.marks.copy()
    world.poll()
    world.marks.marks.update(mark)
    forget(world)
    world.post(track("m2"))
    world.poll()


def forget(world: World) -> None:
    """Count anew."""
    world.table.calls.clear()
    world.queues.calls.clear()


PATHS: dict[str, Callable[[World], None]] = {
    "delivered live": delivered,
    "duplicate": duplicate,
    "parked live": parked,
    "failed live, stored": stored,
    "stored behind others": behind,
    "stored over budget": over_budget,
    "redriven, delivered": redriven,
    "redriven, failed again": redriven_in_vain,
    "redriven, parked": redriven_and_parked,
    "stored in a pause, discarded at the cut-over": discarded,
}


@pytest.mark.parametrize("path", PATHS)
def test_each_path_costs_what_the_protocol_page_says(path: str) -> None:
    """Each path makes as many calls to the table and to SQS as the protocol page says.

    SQS's receive and delete are not among them.
    """
    world = World()
    PATHS[path](world)
    reads, writes, sqs = rows("protocol.md", "What each path costs")[path]

    assert counted(world, READS) == figure(reads)
    assert counted(world, WRITES) == figure(writes)
    assert counted(world, SQS) == figure(sqs)


@pytest.mark.parametrize(
    ("row", "paths"),
    [
        ("delivered, one event a request", [delivered]),
        ("duplicate", [duplicate]),
        ("failed once, then delivered by redrive", [stored, redriven]),
        ("stored without a try, then delivered by redrive", [behind_and_redriven]),
    ],
)
def test_a_million_events_cost_what_the_guarantees_page_says(
    row: str, paths: list[Callable[[World], None]]
) -> None:
    """The guarantees page gives, in millions, the reads and writes that one event makes."""
    reads = writes = 0
    for path in paths:
        world = World()
        path(world)
        reads, writes = reads + counted(world, READS), writes + counted(world, WRITES)
    _, said_reads, said_writes, _ = rows("guarantees.md", "What it costs")[row]

    assert (reads, writes) == (figure(said_reads), figure(said_writes))


def breaker_calls(world: World) -> tuple[int, int]:
    """How often the breaker's record was read and written since it was last asked."""
    calls = world.table.calls
    counts = (calls["breaker.read"], calls["breaker.swap"])
    forget(world)
    return counts


def test_the_breaker_is_read_every_two_seconds_at_most() -> None:
    """An environment reads the breaker's record once in two seconds, however many events come.

    It writes nothing while all goes well.
    """
    world = World()
    environment = world.ingest()
    for number in range(3):
        world.post(track(f"m{number}"), on=environment)
    assert breaker_calls(world) == (1, 0)

    world.clock.advance(LOOK_EVERY)
    world.post(track("m9"), on=environment)
    assert breaker_calls(world) == (1, 0)


@pytest.mark.parametrize("answer", [rehook.DELIVERED, rehook.UNREACHABLE])
def test_the_breaker_writes_once_to_open_and_twice_a_probe(answer: rehook.Turn) -> None:
    """Opening the breaker is one write. A probe is two: one books it, one says what came of it."""
    world = World(threshold=1)
    environment = world.ingest()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1", "u1"), on=environment)
    assert breaker_calls(world)[1] == 1

    world.clock.advance(FIRST_PAUSE)
    world.rehook.script.append(answer)
    world.post(track("m2", "u2"), on=environment)
    assert breaker_calls(world)[1] == 2


def test_a_rate_limit_costs_the_breaker_one_write() -> None:
    """A rate limit is one write; the events that are stored during the hold write nothing more."""
    world = World()
    environment = world.ingest()
    world.rehook.script.append(rehook.THROTTLED)
    for number in range(3):
        world.post(track(f"m{number}", f"u{number}"), on=environment)
    assert breaker_calls(world)[1] == 1
