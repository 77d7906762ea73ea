"""Prints a history: one line of JSON, or its steps as a table and its sentence as the last line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import typer

from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.mapping.explanation_text import remarks
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.output import Columns, Entry, printable, show_rows
from segment_rehook_cli.why.history import History

if TYPE_CHECKING:
    from segment_rehook_cli.mapping.explain import Explanation

__all__ = ["show_history"]


def show_history(history: History, *, as_json: bool) -> None:
    """Print a history on standard output."""
    if as_json:
        typer.echo(encode(msgspec.to_builtins(history)))
        return
    steps = [msgspec.to_builtins(each) for each in history.steps]
    show_rows(steps, _columns(steps), as_json=False)
    if history.explanations:
        show_rows(_remarks(history), _EXPLAINED, as_json=False)
    typer.echo(printable(history.sentence))


def _columns(steps: Sequence[Entry]) -> Columns:
    """Give the columns: all of them in a pipe, on a terminal only those that hold anything."""
    if not terminal.output_is_terminal():
        return _COLUMNS
    return {name: cell for name, cell in _COLUMNS.items() if any(map(cell, steps))}


def _remarks(history: History) -> Iterator[Entry]:
    for each in history.explanations:
        for about, text in remarks(cast("Explanation", each)):
            yield {"subscription": each["subscription"], "about": about, "text": text}


def _text(name: str, after: str = "") -> Any:
    def cell(step: Entry) -> str:
        value = step.get(name)
        return "" if value is None else f"{value}{after}"

    return cell


def _at(step: Entry) -> str:
    text = _moment(str(step["at"]))
    return f"about {text[:-4]}" if step.get("about") else text


def _moment(text: str) -> str:
    """Give a time as a person reads it: 2026-11-27 14:03:22.123."""
    return text.replace("T", " ").removesuffix("Z")


def _delivery(step: Mapping[str, Any]) -> str:
    return str(step.get("delivery") or step.get("messageId") or "")


_COLUMNS: Final[Columns] = {
    "time (UTC)": _at,
    "from": lambda step: str(step.get("service") or step["source"]),
    "delivery": _delivery,
    "what": _text("what"),
    "code": _text("code"),
    "ms": _text("milliseconds"),
    "try": _text("tries"),
    "next try": lambda step: _moment(step.get("nextTryAt", ""))[:19],
    "Rehook's request id": _text("rehookRequestId"),
    "mapping": _text("mapping"),
}
_EXPLAINED: Final[Columns] = {
    "subscription": _text("subscription"),
    "what": _text("about"),
    "by the deployed mapping": _text("text"),
}
