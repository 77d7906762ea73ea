"""The parts of `docs/operations.md` that are computed from the template.

<!-- computed: alarms -->
…
<!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from tools.bench.page import table
from tools.cloudwatch.watched import QUERY, permanent_alarms, resources, template, text

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"
MARKED: Final = re.compile(r"(<!-- computed: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
FOLDER: Final = "segment-rehook/segment-rehook/"
RUN: Final = " Run: "


def sections() -> dict[str, str]:
    """What stands between the marks, by name."""
    return {"alarms": _alarms(), "queries": _queries()}


def filled(page: str) -> str:
    """The page's text with what is computed in its places."""
    parts = sections()
    return MARKED.sub(lambda found: f"{found[1]}{parts[found[2]]}\n{found[4]}", page)


def parameters_of(alarm: dict[str, Any]) -> list[str]:
    """The parameters that decide when an alarm goes off."""
    given = [
        alarm[name]
        for name in ("Threshold", "EvaluationPeriods", "DatapointsToAlarm")
        if name in alarm
    ]
    return [each["Ref"] for each in given if isinstance(each, dict)]


def anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _alarms() -> str:
    known = template()["Parameters"]
    rows = []
    for name, alarm in permanent_alarms().items():
        said = text(alarm["AlarmDescription"]).partition(RUN)[0]
        tuned = [f"`{each}` ({known[each]['Default']:,})" for each in parameters_of(alarm)]
        link = f"[`{name}`](runbook.md#{anchor(name)})"
        rows.append({"alarm": link, "says": said, "parameters (default)": ", ".join(tuned)})
    return table(rows)


def _queries() -> str:
    named = [text(query["Name"]).removeprefix(FOLDER) for query in resources(QUERY).values()]
    return "\n".join(f"- {name}" for name in named)
