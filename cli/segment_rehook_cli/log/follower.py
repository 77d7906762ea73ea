"""Follows a stack's log as it grows: the outcomes' lines of both functions, by FilterLogEvents.

FilterLogEvents costs nothing, works from any time in the past, and survives a lost connection;
StartLiveTail costs by the minute and has none of these. An account may call it five times a second
or more, and this makes one call a second.

A line can appear in the log some seconds after its time. So each look goes back a little before the
latest line, and lines that were seen are recognised by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from segment_rehook.delivery.ports import Clock
from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.log.stack_logs import OUTCOMES, LogsClient, log_events
from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code

__all__ = ["LogFollower"]

POLL_SECONDS: Final = 2.0
LOOK_BACK_SECONDS: Final = 60.0
"""How long after its time a line may still appear."""

QUIET_SECONDS: Final = 300.0
"""So far back a log without lines is read: this machine's clock may be ahead of AWS's."""

BACK_OFF_SECONDS: Final = (2.0, 4.0, 8.0, 16.0, 30.0)
"""After so many failed looks in a row; the last one stays."""

_PASSING: Final = frozenset(
    {
        *("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"),
        *("LimitExceededException", "ServiceUnavailable", "ServiceUnavailableException"),
        *("InternalFailure", "InternalServerError", "InternalServerException"),
    }
)
_PASSING_KINDS: Final = frozenset(
    {
        *("ConnectTimeoutError", "ReadTimeoutError", "EndpointConnectionError"),
        *("ConnectionClosedError", "ConnectionError", "HTTPClientError", "SSLError"),
    }
)


@dataclass(slots=True)
class _Group:
    """One log group: from when on it is read, and which lines from then on were seen."""

    name: str
    begins: float
    seen: dict[str, float] = field(default_factory=dict)

    def read_until(self, now: float) -> None:
        """Let the next look begin later, since this one has read all; forget what is older."""
        latest = max([now - QUIET_SECONDS, *self.seen.values()])
        self.begins = max(self.begins, latest - LOOK_BACK_SECONDS)
        self.seen = {key: at for key, at in self.seen.items() if at >= self.begins}


class LogFollower:
    """Follows the log groups. `since`: from when on, in Unix time.

    `troubled` is told once each time that AWS begins to fail in a way that passes: throttling, or a
    lost connection. Other errors are raised as boto3 raises them.
    """

    def __init__(
        self,
        client: LogsClient,
        groups: Iterable[str],
        clock: Clock,
        since: float,
        troubled: Callable[[str], None],
    ) -> None:
        self._client = client
        self._clock = clock
        self._troubled = troubled
        self._groups = [_Group(name, since) for name in groups]
        self._failures = 0

    def follow(self, until: float | None) -> Iterator[list[LoggedOutcome]]:
        """Give the new lines of each look, in time order. It ends at `until` (Unix time)."""
        while True:
            yield self._look()
            now = self._clock.now()
            if until is not None and now >= until:
                return
            pause = self._pause()
            self._clock.sleep(pause if until is None else min(pause, until - now))

    def _pause(self) -> float:
        if not self._failures:
            return POLL_SECONDS
        return BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS)) - 1]

    def _look(self) -> list[LoggedOutcome]:
        """Read what is new. What was read before a failure is given, and is not given again."""
        lines: list[LoggedOutcome] = []
        now = self._clock.now()
        try:
            for group in self._groups:
                for event in log_events(self._client, group.name, OUTCOMES, group.begins):
                    if event["eventId"] in group.seen:
                        continue
                    at = event["timestamp"] / 1000
                    group.seen[event["eventId"]] = at
                    if (line := read_line(event["message"], at)) is not None:
                        lines.append(line)
                group.read_until(now)
        except aws_error_classes() as error:
            if not _passes(error):
                raise
            if not self._failures:
                self._troubled(error_code(error))
            self._failures += 1
        else:
            self._failures = 0
        return sorted(lines, key=lambda line: line.at)


def _passes(error: Exception) -> bool:
    """Whether an error may pass by itself."""
    code = error_code(error)
    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code in _PASSING or code in _PASSING_KINDS or status >= 500  # noqa: PLR2004 — HTTP's
