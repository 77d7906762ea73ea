"""Our mapping engine alone beside Segment's, example by example of `docs/mapping-language.md`.

Mappings and triggers are compiled, or parsed, before they are timed; answers are compared first.
Segment's engine parses a trigger anew for each event, so triggers are timed with that as well.
What throws, or does not parse, has nothing to be timed and is left out.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from segment_rehook.rehook.destination import load
from tools.bench import inputs
from tools.bench.documented import documented_cases
from tools.bench.measure import Row, Target, in_turns
from tools.bench.workers import WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.bench.bench import Bench
    from tools.bench.measure import Probe
    from tools.bench.workers import Figures, Worker

PARSE = "parse"
"""Has Segment's side parse the trigger each time, as its engine does for each event."""
Case = tuple[str, dict[str, Any]]


def cases() -> Iterator[Case]:
    """What is measured: a name, and the question as `segment-rehook evaluate` takes it."""
    events = {each["type"]: each for each in inputs.events(3)}
    for kind, action in (("identify", "identifyUser"), ("track", "trackEvent")):
        subscription = default_subscription(action)
        mapping, trigger = subscription["settings"], subscription["trigger"]
        yield f"default mapping of {kind}", {"mapping": mapping, "input": events[kind]}
        yield f"default trigger of {kind}", {"fql": trigger, "input": events[kind]}
        parsing = {"fql": trigger, "input": events[kind], PARSE: True}
        yield f"parsed-trigger of {kind}, default", parsing
    for documented in documented_cases():
        if documented.gives.startswith(("error", "refused")):
            continue
        question = json.loads(documented.question)
        question["input"] = question.pop("event", question.get("input"))
        name = f"{documented.name} · {_example(question)}"
        yield f"{_kind(question)} {name}", question
        if "fql" in question:
            yield f"parsed-trigger {name}", question | {PARSE: True}


def default_subscription(action: str) -> dict[str, Any]:
    """Segment's own subscription for an action, as destination.json has it."""
    found = next(each for each in load(None).subscriptions if each.action == action)
    return dict(found.definition)


def _example(question: dict[str, Any]) -> str:
    if "fql" in question:
        return str(question["fql"])
    return json.dumps(question["mapping"]["value"], ensure_ascii=False)


def _kind(question: dict[str, Any]) -> str:
    if "fql" in question:
        return "trigger"
    return "liquid" if "@liquid" in question["mapping"]["value"] else "directive"


def rows(bench: Bench) -> Iterator[Row]:
    """One for each case: microseconds of processor time.

    All cases take turns, so that V8 has seen them all when it is timed, as in a server's process.
    """
    segments = bench.segments
    if segments is None:
        return
    bench.tell("mapping language")
    asked = dict(list(cases())[bench.scale.language])
    probes: dict[str, Probe] = {}
    for name, question in asked.items():
        ours = {"times": bench.scale.times, **question}
        theirs = dict(ours)
        ours.pop(PARSE, None)
        _agree(name, bench.ours.run("language", **ours), segments.run("language", **theirs))
        probes[f"ours {name}"] = partial(_microseconds, bench.ours, ours)
        probes[f"theirs {name}"] = partial(_microseconds, segments, theirs)
    found = in_turns(probes, rounds=bench.scale.rounds, warm_up=bench.scale.warm_up)
    target = Target("ratio", "≤", 1.0)
    for name in asked:
        yield Row.of(name, "µs", found[f"ours {name}"], found[f"theirs {name}"], target=target)


def _agree(name: str, ours: Figures, theirs: Figures) -> None:
    if ours["output"] != theirs["output"]:
        raise WorkerFailed(f"{name}: ours gives {ours['output']!r}, Segment's {theirs['output']!r}")


def _microseconds(worker: Worker, asked: dict[str, Any]) -> float:
    figures = worker.run("language", **asked)
    return float(figures["cpu"] / figures["count"] * 1e6)
