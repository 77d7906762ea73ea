"""Draws the dashboard: a file of figures and the file to write as arguments.

It runs in an environment of its own (`.cache/bench`), and imports nothing of the project's.
"""

from __future__ import annotations

import io
import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the backend is chosen

COLUMNS = 24
UNIT = 0.58  # inches of a column
ROW = 0.44  # inches of a row
HEAD = 0.9  # rows above the first widget
GAP = 0.1  # columns between widgets
INK, FAINT, FRAME = "#16191f", "#687078", "#d5dbdb"
STATES = {"OK": "#1d8102", "ALARM": "#d13212", "INSUFFICIENT_DATA": "#687078"}
ALARMS_A_ROW = 6
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")
# The same figures give the same file; text stays text.
mpl.rcParams.update(
    {
        "svg.hashsalt": "dashboard",
        "svg.fonttype": "none",
        "font.size": 7,
        "font.sans-serif": ["DejaVu Sans", "Verdana"],  # each text of the file names them
        "axes.edgecolor": FRAME,
        "axes.linewidth": 0.6,
        "text.color": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "path.simplify_threshold": 1.0,
    }
)
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
"""Hundredths of a point are enough; the rest is half of the file."""

Tree = dict[str, Any]


def main(figures: Path, file: Path) -> None:
    """Draw the whole dashboard."""
    drawn = json.loads(figures.read_text(encoding="utf-8"))
    rows = HEAD + max(each["y"] + each["height"] for each in drawn["widgets"])
    figure = plt.figure(figsize=(COLUMNS * UNIT, rows * ROW), facecolor="#f2f3f3")
    figure.text(
        0.5,
        1 - HEAD / 2 / rows,
        "Sample data, drawn from the dashboard in template.yaml: Rehook is down for an hour",
        ha="center",
        va="center",
        fontsize=10,
        color=STATES["ALARM"],
        weight="bold",
    )
    for widget in drawn["widgets"]:
        _widget(figure, widget, rows, drawn["minutes"])
    if file.suffix != ".svg":
        figure.savefig(file, facecolor=figure.get_facecolor(), dpi=80)
        return
    written = io.StringIO()
    metadata = {"Date": None, "Description": f"digest {drawn['digest']}"}
    figure.savefig(written, format="svg", metadata=metadata, facecolor=figure.get_facecolor())
    file.write_text(_DIGITS.sub(r"\1", written.getvalue()), encoding="utf-8")


def _widget(figure: Any, widget: Tree, rows: float, minutes: int) -> None:
    left, top = widget["x"] + GAP, HEAD + widget["y"] + GAP
    width, height = widget["width"] - 2 * GAP, widget["height"] - 2 * GAP
    box = figure.add_axes(
        (left / COLUMNS, 1 - (top + height) / rows, width / COLUMNS, height / rows)
    )
    box.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    if widget["type"] == "text":
        box.set_axis_off()
        _text(box, widget["markdown"])
        return
    box.text(0.15, 0.5, widget["title"], fontsize=8.5, weight="bold", va="center")
    if widget["type"] == "alarm":
        _alarms(box, widget["alarms"], width)
    elif "numbers" in widget:
        _numbers(box, widget["numbers"], width)
    else:
        inner = (left + 0.95, top + 0.85, width - 1.15, height - 2.3)
        axes = figure.add_axes(
            (
                inner[0] / COLUMNS,
                1 - (inner[1] + inner[3]) / rows,
                inner[2] / COLUMNS,
                inner[3] / rows,
            )
        )
        _series(axes, widget, minutes)


def _text(box: Any, markdown: str) -> None:
    head, _, body = markdown.partition("\n")
    box.text(0.05, 0.55, head.lstrip("# "), fontsize=14, weight="bold", va="center")
    box.text(0.05, 1.4, re.sub(r"`", "", body), fontsize=9, va="center", color=FAINT)


def _alarms(box: Any, alarms: list[list[str]], width: float) -> None:
    side = (width - 0.3) / ALARMS_A_ROW
    for number, (name, state) in enumerate(alarms):
        x, y = 0.15 + number % ALARMS_A_ROW * side, 0.95 + number // ALARMS_A_ROW * 0.92
        box.add_patch(
            plt.Rectangle((x, y), side - 0.12, 0.8, facecolor=STATES[state], edgecolor="none")
        )
        box.text(x + 0.15, y + 0.42, name, color="white", fontsize=8, va="center")
        box.text(
            x + side - 0.25, y + 0.42, state, color="white", fontsize=6.5, va="center", ha="right"
        )


def _numbers(box: Any, numbers: list[list[Any]], width: float) -> None:
    side = width / len(numbers)
    for place, (label, value) in enumerate(numbers):
        box.text((place + 0.5) * side, 1.4, _figure(value), fontsize=14, ha="center", va="center")
        box.text(
            (place + 0.5) * side, 2.3, label, fontsize=8.5, ha="center", va="center", color=FAINT
        )


def _series(axes: Any, widget: Tree, minutes: int) -> None:
    found = widget["series"]
    count = len(found[0]["values"])
    hours = [place * minutes / 60 for place in range(count)]
    colours = [each["color"] or COLOURS[place % len(COLOURS)] for place, each in enumerate(found)]
    if widget["stacked"]:
        values = [[value or 0 for value in each["values"]] for each in found]
        axes.stackplot(hours, values, colors=colours, linewidth=0)
    else:
        for each, colour in zip(found, colours, strict=True):
            line = [float("nan") if value is None else value for value in each["values"]]
            axes.plot(hours, line, color=colour, linewidth=1.2)
    for each in widget["lines"]:
        axes.axhline(each["value"], color=each["color"], linewidth=0.8, linestyle="--")
        axes.text(0.1, each["value"], each["label"], va="bottom", fontsize=6.5, color=each["color"])
    axes.set_ylim(bottom=0, top=widget["axis"].get("max"))
    if axes.get_ylim()[1] <= 1 and "max" not in widget["axis"]:
        axes.set_ylim(top=4)
    axes.set_xlim(0, count * minutes / 60)
    axes.set_xticks(range(0, 13, 3), [f"{9 + hour:02}:00" for hour in range(0, 13, 3)])
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
    axes.grid(visible=True, color="#eaeded", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=6.5)
    handles = [plt.Line2D([], [], color=colour, linewidth=4) for colour in colours]
    labels = [textwrap.shorten(each["label"], 42) for each in found]
    longest = max(map(len, labels))
    columns = max(1, int(widget["width"] * UNIT / (0.05 * longest + 0.3)))  # inches
    axes.legend(
        handles,
        labels,
        frameon=False,
        ncols=columns,
        loc="upper left",
        bbox_to_anchor=(-0.08, -0.1),
        fontsize=6.5,
        handlelength=0.7,
        columnspacing=0.9,
        labelspacing=0.25,
        borderaxespad=0,
    )


def _figure(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.3f}" if value < 1 else f"{value:,.2f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
