"""`docs/performance.md`: what is measured stands between marks, the rest is written by hand.

<!-- measured: growth -->
…
<!-- end -->
"""

from __future__ import annotations

import re
import subprocess
from statistics import median
from typing import TYPE_CHECKING, Any

from tools.bench.measure import Row, Spread
from tools.bench.workers import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PLOTTER = CHECKOUT / ".cache" / "bench" / "bin" / "python"
MARKED = re.compile(r"(<!-- measured: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
TABLE = ("throughput", "start", "memory")
ZIPPED = "kB zipped"


def write(name: str, parts: Mapping[str, str], docs: Path, out: Path) -> Path:
    """Write a page of `docs` anew, with what was measured; the file."""
    text = (docs / name).read_text(encoding="utf-8")
    page = out / name
    page.write_text(filled(text, parts), encoding="utf-8")
    return page


def draw(out: Path) -> Iterator[Path]:
    """Draw the plots, where there is what draws them; the folder."""
    if PLOTTER.exists():
        places = (str(out / "performance.json"), str(out / "images"))
        subprocess.run([PLOTTER, "-m", "tools.bench.plots", *places], cwd=CHECKOUT, check=True)
        yield out / "images"


def filled(text: str, parts: Mapping[str, str]) -> str:
    """The page's text with what was measured in its places."""
    return MARKED.sub(lambda found: f"{found[1]}{parts[found[2]]}\n{found[4]}", text)


def sections(known: Mapping[str, Any]) -> dict[str, str]:
    """What stands between the marks, by name."""
    rows = {
        name: [Row.read(raw) for raw in part]
        for name, part in known["parts"].items()
        if name != "paths"
    }
    measures = [row for part in TABLE for row in rows.get(part, [])]
    return {
        "machine": _machine(known["machine"]),
        "table": _table(measures, _measure),
        "draining": _table(rows.get("draining", []), _own),
        "growth": _table([row for row in rows.get("growth", []) if not row.series], _own),
        "points": _table([row for row in rows.get("growth", []) if row.series], _point),
        "kinds": table(_kinds(rows.get("language", []))),
        "language": _table(rows.get("language", []), _case),
        "calls": _table(rows.get("calls", []), _call),
        "sizes": table(_sizes(rows.get("sizes", []))),
    }


def figure(value: float) -> str:
    """Three digits, and no exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def _spread(spread: Spread | None, unit: str = "") -> str:
    if spread is None:
        return "–"
    middle = f"{figure(spread.median)}{unit}"
    if spread.low == spread.high:
        return middle
    return f"{middle} ({figure(spread.low)}–{figure(spread.high)})"


def _must(row: Row) -> str:
    if row.target is None:
        return "–"
    unit = " ×" if row.target.of == "ratio" else f" {row.unit}"
    reached = {None: "", True: ": reached", False: ": not reached"}[row.reached]
    return f"{row.target.sense} {figure(row.target.figure)}{unit}{reached}"


def _measure(row: Row) -> dict[str, str]:
    return {
        "measure": row.name,
        "Segment's engine": _spread(row.theirs, f" {row.unit}"),
        "the bridge": _spread(row.ours, f" {row.unit}"),
        "ratio": _spread(row.ratio, " ×"),
        "must reach": _must(row),
    }


def _own(row: Row) -> dict[str, str]:
    return {"measure": row.name, "the bridge": _spread(row.ours), "must reach": _must(row)}


def _point(row: Row) -> dict[str, str]:
    return {
        "events with": row.name,
        "Segment's engine, µs": _spread(row.theirs),
        "the bridge, µs": _spread(row.ours),
    }


def _case(row: Row) -> dict[str, str]:
    name, _, example = row.name.partition(" · ")
    return {
        "part": name,
        "example": f"`{example}`" if example else "–",
        "Segment's, µs": figure(row.theirs.median) if row.theirs else "–",
        "ours, µs": figure(row.ours.median),
        "ratio": _spread(row.ratio, " ×"),
    }


def _kinds(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Of each kind of example, how many are at least as fast as Segment's, and the slowest."""
    kinds: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        if row.ratio:
            name = row.name.partition(" · ")[0]
            kinds.setdefault(name.split()[0], []).append((row.ratio.median, name))
    return [
        {
            "kind": kind,
            "examples": str(len(found)),
            "at least as fast": str(sum(ratio <= 1 for ratio, _ in found)),
            "median ratio": f"{figure(median(ratio for ratio, _ in found))} ×",
            "slowest": f"{figure(max(found)[0])} × ({max(found)[1]})",
        }
        for kind, found in kinds.items()
    ]


def _sizes(rows: Sequence[Row]) -> list[dict[str, str]]:
    zipped = {row.name: row for row in rows if row.unit == ZIPPED}
    return [
        {
            "part": row.name,
            "unzipped, kB": figure(row.ours.median),
            "zipped, kB": figure(zipped[row.name].ours.median),
        }
        for row in rows
        if row.unit != ZIPPED
    ]


def _call(row: Row) -> dict[str, str]:
    return {"measure": row.name, "ours": _spread(row.ours), "ratio": _spread(row.ratio, " ×")}


def _table(rows: Sequence[Row], cells: Callable[[Row], dict[str, str]]) -> str:
    return table([cells(row) for row in rows])


def table(lines: Sequence[Mapping[str, str]]) -> str:
    """A table in Markdown; the first line's keys are its head."""
    if not lines:
        return "Not measured yet."
    head = list(lines[0])
    rows = [head, ["---"] * len(head), *(list(line.values()) for line in lines)]
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def _machine(machine: Mapping[str, Any]) -> str:
    node = f"Node {machine['node']}, {machine['segment']}" if machine["node"] else "no Node"
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores (load"
        f" {machine['load']} at the end), Python {machine['python']}, {node};"
        f" {machine['rounds']} rounds. Figures are medians, quartiles in brackets."
    )
