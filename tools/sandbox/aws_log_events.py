"""The log events of the sandbox's functions, fetched when CloudWatch Logs is asked for them.

The sandbox keeps the lines and serves them at its control address. A copy here grows with each
question, so a sandbox whose logs nobody reads pays nothing. It holds MAX_EVENTS, the latest.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.control import ControlClient

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tools.sandbox.aws_stacks import StackRecord

MAX_EVENTS: Final = 500_000


class LogEvent(msgspec.Struct, frozen=True):
    """An event. ``number``: its position among all. ``at``: milliseconds since the epoch."""

    number: int
    at: int
    group: str
    stream: str
    message: str

    def decoded(self) -> dict[str, Any] | None:
        """The message as a JSON object, None if it is not one."""
        if not self.message.startswith("{"):
            return None
        try:
            value = msgspec.json.decode(self.message)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


class LogEvents:
    """The events of all log groups, in the order in which they were written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: str | None = None
        self._groups: dict[str, tuple[str, str]] = {}
        self._events: list[LogEvent] = []
        self._seen = 0

    def record(self, stack: StackRecord) -> None:
        """Fetch from this stack's sandbox from now on."""
        with self._lock:
            if self._control != stack.control:
                self._events, self._seen = [], 0
            self._control = stack.control
            self._groups = {
                each.logical_id: (each.log_group, each.name) for each in stack.functions
            }

    def read(
        self, groups: Collection[str], start: int | None, end: int | None, after: int = 0
    ) -> Iterator[LogEvent]:
        """The events of these groups from ``start`` to ``end``, both included and in milliseconds.

        ``after``: only those from this number on.
        """
        with self._lock:
            self._fetch()
            first = max(0, after - (self._events[0].number if self._events else 0))
            found = self._events[first:]
        for event in found:
            if (
                event.group in groups
                and (start is None or start <= event.at)
                and (end is None or event.at <= end)
            ):
                yield event

    def _fetch(self) -> None:
        if not self._control:
            return
        with closing(ControlClient(self._control)) as client:
            while lines := client.call("GET", "/log", since=self._seen):
                self._events += [
                    self._event(number, line) for number, line in enumerate(lines, self._seen)
                ]
                self._seen += len(lines)
                del self._events[:-MAX_EVENTS]

    def _event(self, number: int, line: Mapping[str, Any]) -> LogEvent:
        group, function = self._groups[line["function"]]
        at = int(line["at"] * 1000)
        stream = _stream(at // 86_400_000, function, group, line["process"])
        # Lambda sends a line with its end.
        return LogEvent(number, at, group, stream, line["text"] + "\n")


@lru_cache(maxsize=1024)
def _stream(day: int, function: str, group: str, process: int) -> str:
    date = datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y/%m/%d")
    environment = hashlib.sha256(f"{function}:{process}".encode()).hexdigest()[:32]
    # In a group that may be several functions', the function's name is a part of the stream's.
    name = "" if group == f"/aws/lambda/{function}" else f"{function}"
    return f"{date}/{name}[$LATEST]" + (f"[{environment}]" if name else environment)
