"""The lines that the functions print: they are kept, and can be waited for."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class LogLine:
    """One line. ``at``: seconds since the epoch. ``process``: the environment's process id."""

    at: float
    function: str
    process: int
    text: str

    @cached_property
    def entry(self) -> dict[str, Any] | None:
        """The line as a structured log entry, None if it is not one."""
        try:
            decoded = json.loads(self.text)
        except ValueError:
            return None
        return decoded if isinstance(decoded, dict) else None


class Log:
    """All lines of all functions, in the order in which they were read.

    ``watch`` is called with each line.
    """

    def __init__(self, watch: Callable[[LogLine], None] | None = None) -> None:
        self._changed = threading.Condition()
        self._lines: list[LogLine] = []
        self._watch = watch

    def write(self, function: str, process: int, text: str) -> None:
        """Add a line."""
        line = LogLine(time.time(), function, process, text)
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()
        if self._watch is not None:
            self._watch(line)

    def lines(
        self, function: str | None = None, since: int = 0, most: int | None = None
    ) -> list[LogLine]:
        """Return the lines of one function or of all, without the first ``since`` lines.

        ``most``: of how many lines those of the function are returned, None for all.
        """
        with self._changed:
            lines = self._lines[since : None if most is None else since + most]
        return [line for line in lines if function in {None, line.function}]

    def entries(self, function: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Return the structured entries among these lines, decoded."""
        return [line.entry for line in self.lines(function, since) if line.entry is not None]

    def __len__(self) -> int:
        with self._changed:
            return len(self._lines)

    def wait_for(
        self, wanted: Callable[[LogLine], bool], timeout: float = 10.0, since: int = 0
    ) -> LogLine:
        """Wait for the first line that ``wanted`` accepts. Raises TimeoutError."""
        end = time.monotonic() + timeout
        with self._changed:
            seen = since
            while True:
                for line in self._lines[seen:]:
                    if wanted(line):
                        return line
                seen = len(self._lines)
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"no such line within {timeout} s, among {seen}")
