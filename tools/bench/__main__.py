"""`make bench`: measure, show what is known as it is known, and write the page and its figures."""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tools.bench import (
    calls,
    cost_page,
    draining,
    growth,
    language,
    machine,
    page,
    paths,
    sizes,
    start,
    throughput,
)
from tools.bench.bench import SMOKE, Bench, Scale
from tools.bench.measure import Row
from tools.bench.paths import Path
from tools.bench.start import BUILT
from tools.bench.workers import CHECKOUT, WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DOCS = CHECKOUT / "docs"
DESCRIPTION = (
    "Measure the bridge beside Segment's own engine in the same run, and write "
    "docs/performance.md, docs/performance.json and the plots."
)

EXAMPLES = """\
examples:
  make bench                                  everything (ten minutes); writes docs/performance.*
  make bench ARGS="--only throughput"         one part; the others' figures stay as they are
  make bench ARGS="--only start --rounds 21"  more rounds
  python -m tools.bench --json --out /tmp/b   the figures on standard output, the files elsewhere
  python -m tools.bench --smoke --out /tmp/b  does everything run? The figures mean nothing
"""


def call_rows(bench: Bench) -> Iterator[Row]:
    """Our client of Rehook beside bare urllib3."""
    bench.tell("calls to Rehook")
    for each in calls.comparisons():
        ours, theirs = (each.count / seconds for seconds in (each.ours, each.theirs))
        name = f"{each.name}, beside {each.yardstick} ({page.figure(theirs)}/s)"
        yield replace(Row.of(name, "calls/s", [ours], [theirs]), theirs=None)


def size_rows(_bench: Bench) -> Iterator[Row]:
    """What each part of the built functions and layers takes, in kilobytes."""
    for size in sizes.sizes(BUILT):
        name = f"{size.artefact}, {size.part}" if size.part else size.artefact
        yield Row.of(name, "kB", [size.unzipped / 1_000])
        yield Row.of(name, page.ZIPPED, [size.zipped / 1_000])


PARTS: dict[str, Callable[[Bench], Iterator[Row | Path]]] = {
    "throughput": throughput.rows,
    "start": start.start_rows,
    "memory": start.memory_rows,
    "draining": draining.rows,
    "growth": growth.rows,
    "language": language.rows,
    "calls": call_rows,
    "sizes": size_rows,
    "paths": paths.paths,
}


def main(arguments: Sequence[str]) -> int:
    """Run. 1: in a part a worker failed, or delivered less than it was given."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.smoke and asked.out == DOCS:
        parser.error("--smoke needs --out: its figures are not for docs")
    console = Console(stderr=asked.json)
    scale = SMOKE if asked.smoke else Scale()
    if asked.rounds:
        scale = replace(scale, rounds=asked.rounds, starts=2 * asked.rounds)
    asked.out.mkdir(parents=True, exist_ok=True)
    file = asked.out / "performance.json"
    known = json.loads(file.read_text()) if file.exists() else {"parts": {}}
    failed = False
    if not asked.pages:
        figures, failed = measured(asked.only or PARTS, scale, console)
        known["parts"] |= figures
        known["machine"] = machine.described(scale)
    file.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    if asked.json:
        print(json.dumps(known, ensure_ascii=False))
    pages = [page.write("performance.md", page.sections(known), DOCS, asked.out)]
    if known["parts"].get("paths"):
        pages.append(page.write("cost.md", cost_page.sections(known), DOCS, asked.out))
    for written in (file, *pages, *page.draw(asked.out)):
        console.print(f"wrote {written}", highlight=False)
    return int(failed)


def measured(
    parts: Iterable[str], scale: Scale, console: Console
) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """The rows of each part, and whether one was not measured to its end."""
    figures: dict[str, list[dict[str, Any]]] = {}
    failed = False
    with console.status("") as status, Bench(scale, status.update) as bench:
        if bench.without_segment:
            console.print(f"{bench.without_segment}: Segment's engine is not measured.")
        for name in parts:
            figures[name] = []
            try:
                for row in PARTS[name](bench):
                    figures[name].append(row.json)
                    console.print(_line(row), soft_wrap=True, highlight=False)
            except WorkerFailed as reason:
                failed = True
                console.print(f"[red]{name} was not measured to its end[/red]: {reason}")
    return figures, failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description=textwrap.fill(DESCRIPTION, shutil.get_terminal_size().columns - 2),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, metavar="PART", help=f"{', '.join(PARTS)}"
    )
    parser.add_argument("--rounds", type=int, help="how often each figure is taken (default: 7)")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument(
        "--out", type=pathlib.Path, default=DOCS, help="folder to write to (default: docs)"
    )
    parser.add_argument(
        "--pages",
        action="store_true",
        help="measure nothing: write pages and plots anew from the figures that there are",
    )
    parser.add_argument("--smoke", action="store_true", help="tiny counts: only whether it runs")
    return parser


def _line(row: Row | Path) -> str:
    if isinstance(row, Path):
        return row.line
    spread = f"{page.figure(row.ours.median)} {row.unit}"
    beside = f", Segment's {page.figure(row.theirs.median)}" if row.theirs else ""
    ratio = f": {page.figure(row.ratio.median)} ×" if row.ratio else ""
    style = {None: "", True: "[green]", False: "[yellow]"}[row.reached]
    must = f" (must: {row.target.sense} {row.target.figure:,g})" if row.target else ""
    text = f"{row.name}: {spread}{beside}{ratio}{must}".replace("[", "\\[")
    return f"{style}{text}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
