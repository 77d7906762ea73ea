"""One line of the functions' log that tells the outcome of a delivery, or of an event without one.

The functions write these lines as docs/operations.md describes. A field of another type than it
should have counts as missing: a line is shown even if a later version of the functions wrote it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

__all__ = ["LoggedOutcome", "read_line"]


class LoggedOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What one line says. `at`: when it was logged, in seconds of Unix time.

    `service`: ingest or redrive. `delivery`: its id, None for an event that has no delivery.
    `request_id`: API Gateway's. `rehook_request_id`, `code`, `milliseconds`: of the call to Rehook.
    `mapping`: the version of the destination file. `user`: a keyed hash. `next_try_seconds`: counts
    from `at`. `age_seconds`: how long the message had been in the queue. `received_at`: of an event
    of before the cut-over, when Segment received it.
    """

    at: float
    outcome: str
    service: str = ""
    message_id: str | None = None
    delivery: str | None = None
    subscription: str | None = None
    action: str | None = None
    reason: str | None = None
    code: str | None = None
    rehook_request_id: str | None = None
    request_id: str | None = None
    function_request_id: str | None = None
    ignored: str | None = None
    received_at: str | None = None
    milliseconds: float | None = None
    tries: int | None = None
    mapping: str | None = None
    user: str | None = None
    sqs_message_id: str | None = None
    next_try_seconds: float | None = None
    age_seconds: float | None = None

    @property
    def next_try_at(self) -> float | None:
        """When SQS shows the message again, in seconds of Unix time."""
        return None if self.next_try_seconds is None else self.at + self.next_try_seconds

    @property
    def stored_at(self) -> float:
        """When the message entered the queue, as far as this line tells."""
        return self.at - (self.age_seconds or 0.0)


_TEXTS = tuple(
    name
    for name, kind in LoggedOutcome.__annotations__.items()
    if "str" in kind and name not in {"outcome", "service"}
)
_NUMBERS = ("milliseconds", "next_try_seconds", "age_seconds")


def read_line(text: str, at: float) -> LoggedOutcome | None:
    """Read a line. `at`: the log's own time of it. None for any other line than an outcome's."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("message") != "outcome":
        return None
    outcome = found.get("outcome")
    if not isinstance(outcome, str):
        return None
    fields: dict[str, Any] = {name: _text(found.get(name)) for name in _TEXTS}
    fields |= {name: _number(found.get(name)) for name in _NUMBERS}
    tries = _number(found.get("tries"))
    if tries is None:
        tries = _number(found.get("receive_count"))  # of functions that do not log `tries` yet
    return LoggedOutcome(
        at=at,
        outcome=outcome,
        service=_text(found.get("service")) or "",
        tries=None if tries is None else int(tries),
        **fields,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
