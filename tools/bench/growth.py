"""How the cost of an event grows with batches, subscriptions, and what nobody reads.

In microseconds of processor time for each event, stores and network in memory.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from segment_rehook.delivery.ingest.answer import MAX_LISTED_WHOLE
from tools.bench import inputs
from tools.bench.language import default_subscription
from tools.bench.measure import Row, Target, in_turns
from tools.bench.start import MEMORY_EVENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tools.bench.bench import Bench
    from tools.bench.workers import Worker

KILOBYTE = 1_000
Job = tuple[str, dict[str, Any]]


def rows(bench: Bench) -> Iterator[Row]:
    """The points of all three plots, and how much each grows from its first point to its last."""
    flat = Target("ours", "≤", 1.1)
    # What is sent is the event as it is without them, and so many kilobytes more.
    low, high = bench.scale.kilobytes[0], bench.scale.kilobytes[-1]
    bytes_grow = (inputs.SIZE + high * KILOBYTE) / (inputs.SIZE + low * KILOBYTE)
    for plot, target in (
        (_batches, flat),
        (_subscriptions, flat),
        (_unread, Target("ours", "≤", bytes_grow)),
    ):
        points = list(plot(bench))
        yield from points
        yield _growth(points, target)


def _growth(points: Sequence[Row], target: Target) -> Row:
    """The last point's cost to the first one's; of batches, to the first that is not listed whole.

    A request costs something by itself, and an answer names each event of up to a hundred.
    """
    first = next((each for each in points if each.x == MAX_LISTED_WHOLE), points[0])
    last = points[-1]
    name = f"{first.x:,} to {last.x:,} {last.series}: cost of an event"
    return Row.of(name, "× the first", [last.ours.median / first.ours.median], target=target)


def _batches(bench: Bench) -> Iterator[Row]:
    """Those of a plot share the events: as many as the largest batch, and small enough for it."""
    events = bench.events(max(bench.scale.batches), size=MEMORY_EVENT_BYTES)
    jobs: dict[int, Job] = {
        size: ("memory_batch", {"events": events, "size": size}) for size in bench.scale.batches
    }
    yield from _plot(bench, "events in a request", jobs, None)


def _subscriptions(bench: Bench) -> Iterator[Row]:
    events = bench.events(bench.scale.events)
    ours: dict[int, Job] = {}
    theirs: dict[int, Job] = {}
    for count in bench.scale.subscriptions:
        made = subscriptions(count)
        destination = json.dumps({"subscriptions": made})
        ours[count] = ("memory_single", {"events": events, "destination": destination})
        segments = [
            {
                "subscribe": each["trigger"],
                "partnerAction": each["actionSlug"],
                "mapping": each["settings"],
            }
            for each in made
        ]
        theirs[count] = ("memory", {"events": events, "subscriptions": segments})
    yield from _plot(bench, "subscriptions, of which one matches", ours, theirs)


def subscriptions(count: int) -> list[dict[str, Any]]:
    """So many subscriptions, of which the last one takes every event and the others none."""
    track = default_subscription("trackEvent")
    others = [
        {**track, "name": f"other {n}", "trigger": f'type = "track" and event = "Other {n}"'}
        for n in range(count - 1)
    ]
    return [*others, {**track, "trigger": 'type = "track" or type = "identify"'}]


def _unread(bench: Bench) -> Iterator[Row]:
    files = {
        size: bench.events(bench.scale.events, unread=size * KILOBYTE)
        for size in bench.scale.kilobytes
    }
    yield from _plot(
        bench,
        "kilobytes of context that nobody reads",
        {size: ("memory_single", {"events": file}) for size, file in files.items()},
        {size: ("memory", {"events": file}) for size, file in files.items()},
    )


def _plot(
    bench: Bench, series: str, ours: Mapping[int, Job], theirs: Mapping[int, Job] | None
) -> Iterator[Row]:
    bench.tell(f"growth: {series}")
    probes = {f"ours {x}": _probe(bench.ours, job) for x, job in ours.items()}
    if theirs and (segments := bench.segments):
        probes |= {f"theirs {x}": _probe(segments, job) for x, job in theirs.items()}
    # A long run: fewer rounds do for a line.
    rounds, warm_up = bench.scale.rounds, min(bench.scale.warm_up, 2)
    found = in_turns(probes, rounds=rounds, warm_up=warm_up)
    for x in ours:
        both = found[f"ours {x}"], found.get(f"theirs {x}")
        yield Row.of(f"{x:,} {series}", "µs", *both, series=series, x=x)


def _probe(worker: Worker, job: Job) -> Callable[[], float]:
    name, arguments = job

    def probe() -> float:
        figures = worker.run(name, **arguments)
        return float(figures["cpu"] / figures["count"] * 1e6)

    return probe
