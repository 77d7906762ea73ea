"""A preview as a table on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.mapping.explanation_text import remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.mapping.explain import Explanation

__all__ = ["show"]

MIN_WIDTH: Final = 40
"""In columns of the terminal."""

PreviewLine = dict[str, Any]
"""What `preview.Preview.line` returns."""


class Row(NamedTuple):
    """A row about one subscription or about the whole event; `style` is the outcome's."""

    subscription: str
    outcome: str
    style: str
    detail: str


def show(lines: Iterable[PreviewLine], console: Console | None = None) -> None:
    """Print a preview's lines. If reading fails, those before the failure are printed."""
    # Rich takes 0.1 s to import, and only a terminal needs it.
    from rich import box  # noqa: PLC0415 — see above
    from rich.console import Console  # noqa: PLC0415 — see above
    from rich.table import Table  # noqa: PLC0415 — see above
    from rich.text import Text  # noqa: PLC0415 — see above

    console = console or Console()
    # Rich prints nothing on a terminal that says that it has no columns (COLUMNS=0).
    console.width = max(console.width, MIN_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("event", "subscription", "outcome"):
        table.add_column(heading, max_width=console.width // 6, overflow="fold")
    table.add_column("detail", overflow="fold")
    try:
        for line in lines:
            name = line["messageId"] or "(no messageId)"
            for row in _rows(line):
                # Text does not read the event's text as markup or as control sequences.
                table.add_row(
                    Text(name),
                    Text(_printable(row.subscription)),
                    Text(row.outcome, style=row.style),
                    Text(_printable(row.detail)),
                )
                name = ""
            table.add_section()
    finally:
        if table.row_count:
            console.print(table)


def _rows(line: PreviewLine) -> Iterator[Row]:
    for result in line["results"]:
        yield _result_row(result)
        for warning in result.get("warnings", ()):
            yield Row("", "warning", "bold yellow", warning)
    if not line["results"]:
        reasons = line.get("ignored") or [{"subscription": "", "why": "there is no subscription"}]
        for each in reasons:
            yield Row(each["subscription"], "ignored", "dim", each["why"])
    if "hint" in line:
        yield Row("", "hint", "bold yellow", line["hint"])
    for each in line.get("explain", ()):
        yield from _explained(each)


def _result_row(result: dict[str, Any]) -> Row:
    name = result["subscription"] or "(the whole event)"
    if "request" in result:
        request = result["request"]
        body = "\n".join(f"{field}: {_json(value)}" for field, value in request["body"].items())
        return Row(name, f"{request['method']} {request['path']}", "green", body)
    if result["dropped"] == "duplicate":
        return Row(name, "duplicate", "yellow", result["detail"])
    detail = f"{result['dropped']}: {result['detail'] or ''}"
    return Row(name, "dropped", "yellow", detail)


def _explained(explanation: Explanation) -> Iterator[Row]:
    name = explanation["subscription"]
    for about, text in remarks(explanation):
        yield Row(name, about, "dim", text)
        name = ""


def _json(value: JSON) -> str:
    return encode(value).decode()


def _printable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
