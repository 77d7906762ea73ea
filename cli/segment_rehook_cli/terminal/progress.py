"""The progress of long work, on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(expected: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a bar; gives a function that sets how much is done.

    `expected`: of how much, None where that is not known. `unit`: what is counted, for example
    "messages read".
    """
    from rich.console import Console  # noqa: PLC0415 — slow to import, and few need it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress  # noqa: PLC0415 — as above

    console = Console(stderr=True)
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        unit,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=expected)
        yield lambda number: bar.update(
            task, completed=number, total=None if expected is None else max(number, expected)
        )
