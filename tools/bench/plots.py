"""Draws the plots of `docs/performance.md`: performance.json and a folder as arguments.

It runs in an environment of its own (`.cache/bench`), and imports nothing of the project's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the backend is chosen

OURS, THEIRS = "#1f6f54", "#b35c00"
# The same figures give the same files; text stays text.
mpl.rcParams.update(
    {
        "svg.hashsalt": "bench",
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.grid": True,
        "axes.axisbelow": True,
    }
)
NAMES = {OURS: "the bridge", THEIRS: "Segment's engine"}
Rows = list[dict[str, Any]]


def main(figures: Path, folder: Path) -> None:
    """Draw all that there are figures for."""
    parts = json.loads(figures.read_text())["parts"]
    folder.mkdir(parents=True, exist_ok=True)
    compared = [row for row in parts.get("throughput", []) if "ratio" in row]
    if compared:
        _bars(compared, folder / "performance-throughput.svg")
    grown: Rows = [row for row in parts.get("growth", []) if "series" in row]
    for number, series in enumerate(dict.fromkeys(row["series"] for row in grown)):
        name = ("batch", "subscriptions", "unread")[number]
        rows = [row for row in grown if row["series"] == series]
        _line(series, rows, folder / f"performance-{name}.svg")
    if language := parts.get("language"):
        _ratios(language, folder / "performance-language.svg")


def _bars(rows: Rows, file: Path) -> None:
    figure, axes = plt.subplots(figsize=(7.5, 0.75 * len(rows) + 0.8))
    for place, row in enumerate(rows):
        for shift, side, colour in ((-0.2, "ours", OURS), (0.2, "theirs", THEIRS)):
            value = row[side]
            error = [[value["median"] - value["low"]], [value["high"] - value["median"]]]
            axes.barh(place + shift, value["median"], 0.38, xerr=error, color=colour)
    axes.set_yticks(range(len(rows)), [_wrapped(row["name"]) for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("events a second")
    _legend(axes, OURS, THEIRS)
    _save(figure, file)


def _line(series: str, rows: Rows, file: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.2))
    drawn = []
    for side, colour in (("ours", OURS), ("theirs", THEIRS)):
        points = [(row["x"], row[side]) for row in rows if side in row]
        if not points:
            continue
        drawn.append(colour)
        x = [place for place, _ in points]
        axes.plot(x, [each["median"] for _, each in points], "o-", color=colour, markersize=4)
        low, high = ([each[end] for _, each in points] for end in ("low", "high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.2)
    axes.set_xscale("log")
    axes.set_xticks([row["x"] for row in rows], [f"{row['x']:,}" for row in rows])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(series)
    axes.set_ylabel("µs of processor time an event")
    _legend(axes, *drawn)
    _save(figure, file)


def _ratios(rows: Rows, file: Path) -> None:
    figure, axes = plt.subplots(figsize=(7.5, 2.6))
    kinds = ("default", "directive", "liquid", "parsed-trigger", "trigger")
    for place, kind in enumerate(kinds):
        ratios = [row["ratio"]["median"] for row in rows if row["name"].startswith(kind)]
        axes.plot(ratios, [place] * len(ratios), "o", color=OURS, alpha=0.4)
    axes.axvline(1, color=THEIRS)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("our time to Segment's, each dot an example; left of the line we are faster")
    _save(figure, file)


def _legend(axes: Any, *colours: str) -> None:
    handles = [plt.Line2D([], [], color=colour, linewidth=5) for colour in colours]
    axes.legend(handles, [NAMES[colour] for colour in colours], frameon=False)


def _wrapped(text: str) -> str:
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 42:  # noqa: PLR2004 — characters that fit beside the bars
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _save(figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
