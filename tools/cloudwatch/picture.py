"""The dashboard with sample data, as plain values that can be drawn."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tools.cloudwatch import sample
from tools.cloudwatch.metric_math import Series, evaluate, names
from tools.cloudwatch.watched import Entry, entries, search, widgets

Tree = dict[str, Any]


def picture() -> Tree:
    """What is drawn: the widgets in order, and a digest of all of them."""
    drawn = [_drawn(widget) for widget in widgets()]
    return {"widgets": drawn, "digest": digest(drawn), "minutes": sample.MINUTES}


def digest(drawn: list[Tree]) -> str:
    """The first digits of a hash of what is drawn: the picture's file has it."""
    encoded = json.dumps(drawn, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(encoded.encode()).hexdigest()[:16]


def _drawn(widget: Tree) -> Tree:
    said = widget["properties"]
    place = {name: widget[name] for name in ("type", "x", "y", "width", "height")}
    place["title"] = said.get("title", "")
    match widget["type"]:
        case "text":
            return {**place, "markdown": said["markdown"]}
        case "alarm":
            named = [arn.removesuffix(".Arn") for arn in said["alarms"]]
            return {**place, "alarms": [[name, sample.FIRING.get(name, "OK")] for name in named]}
    shown = _shown(widget)
    if said["view"] == "singleValue":
        return {**place, "numbers": [[label, _last(values)] for label, values, _ in shown]}
    return {
        **place,
        "series": [
            {"label": label, "values": _rounded(values), "color": colour}
            for label, values, colour in shown
        ],
        "stacked": said.get("stacked", False),
        "axis": said.get("yAxis", {}).get("left", {}),
        "lines": said.get("annotations", {}).get("horizontal", []),
    }


def _shown(widget: Tree) -> list[tuple[str, Series, str | None]]:
    """Label, values and colour of each line that is shown; sums of the time range if it says so."""
    said = widget["properties"]
    whole = bool(said.get("setPeriodToTimeRange"))
    written = entries(widget)
    known: dict[str, Series] = {}
    for entry in written:
        if entry.metric and (id_ := entry.options.get("id")):
            known[id_] = _values(entry, said, whole=whole)
    left = {
        entry.options["id"]: entry.expression
        for entry in written
        if entry.expression and not search(entry.expression)
    }
    while left:  # an expression may name another one
        ready = {id_: text for id_, text in left.items() if names(text) <= set(known)}
        if not ready:
            raise ValueError(f"these expressions name what is not there: {left}")
        for id_, text in ready.items():
            known[id_] = evaluate(text, known)
            del left[id_]
    shown = []
    for entry in written:
        if entry.options.get("visible", True):
            shown += _plots_of(entry, said, known, whole=whole)
    return shown


def _plots_of(
    entry: Entry, said: Tree, known: dict[str, Series], *, whole: bool
) -> list[tuple[str, Series, str | None]]:
    colour = entry.options.get("color")
    if entry.expression and (metric := search(entry.expression)):
        return [(label, values, None) for label, values in sample.searched(metric).items()]
    values = known[entry.options["id"]] if entry.expression else _values(entry, said, whole=whole)
    return [(entry.options["label"], values, colour)]


def _values(entry: Entry, said: Tree, *, whole: bool) -> Series:
    if entry.metric is None:
        raise ValueError("an expression has no values of its own")
    values = sample.series(entry.metric, entry.options.get("stat") or said.get("stat", "Sum"))
    return [sum(value for value in values if value is not None)] if whole else values


def _last(values: Series) -> float:
    return round(values[-1] or 0.0, 6)


def _rounded(values: Series) -> Series:
    return [None if value is None else round(value, 2) for value in values]
