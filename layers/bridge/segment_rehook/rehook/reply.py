"""The one table of failures: what Rehook's answer, or its silence, means for a delivery.

The question behind every row is whether Rehook may already have acted: a reward that may have been
given must not be given again by accident, and one that was surely not given must not be lost.

    delivered     Rehook has it
    rejected      Rehook read it and will never take it: parked, not retried by itself
    credentials   the key pair seems to be refused; check-auth decides (delivery.caller)
    throttled     not processed; Rehook asks for patience
    unavailable   not processed; Rehook is in trouble
    unreachable   nothing was sent: name, connection or TLS failed
    unknown       it was sent, and what came of it is not known

Sources: Rehook's trigger-event reference (error bodies, the 401 that names a `key`), and
docs/failures.md, which says it all to users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from segment_rehook.segment import jsontext

if TYPE_CHECKING:
    from collections.abc import Mapping

# Calls that may be repeated without harm: POST /customers is an upsert.
REPEATABLE = frozenset({"identifyUser"})

THROTTLING = frozenset({408, 423, 425, 429})
CREDENTIALS = frozenset({401, 403})
# A server that says this has not processed the request (RFC 9110, 15.6.4); only then may it be
# tried again at once.
UNPROCESSED = 503
SUCCESSES, REDIRECTS, CLIENT_ERRORS, SERVER_ERRORS = 200, 300, 400, 500

# Longer than a queue's patience is no better than the queue's own back-off.
MAX_RETRY_AFTER = 3600.0
MAX_TEXT_CHARACTERS = 500
MAX_REQUEST_ID_CHARACTERS = 200
# Rehook's codes have three digits. Longer numbers are looked at as well, but not without end.
MAX_CODE = 999_999

REFERRAL_CODE = "referral_code"
_NAMES_REFERRAL_CODE = re.compile(r"referral[ _-]?code", re.IGNORECASE)


class ReplyClass(StrEnum):
    """What an answer means; the module's docstring has the table."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    CREDENTIALS = "credentials"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """No whole answer came. `sent`: whether any of the request may have reached the server."""

    sent: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A classed answer.

    `code` is Rehook's code or HTTP's status or the cause of the silence: safe to log. `message` is
    Rehook's text: it may quote the payload, so it goes into parked messages and never into a log.
    `key` is the field that Rehook complains about; as `message`. `retry_after` in seconds, 0 to
    3,600. `again_at_once`: one quick second try is allowed.
    """

    kind: ReplyClass
    code: str
    message: str = ""
    key: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    again_at_once: bool = False

    @property
    def said(self) -> str:
        """Rehook's own words: the field that it complains about, and its text. Not for a log."""
        return ": ".join(filter(None, (self.key, self.message)))

    @property
    def blames_referral_code(self) -> bool:
        """Whether it is rejected for its referral code, which may belong to another customer.

        No source says how Rehook words that: the key counts, and without one the message.
        """
        if self.kind is not ReplyClass.REJECTED:
            return False
        if self.key is not None:
            return self.key.rpartition(".")[2] == REFERRAL_CODE
        return _NAMES_REFERRAL_CODE.search(self.message) is not None


def judge(exchange: Answer | Silence, *, action: str, now: float, trusts_503: bool = True) -> Reply:
    """Class what came of a call. `now` (epoch seconds) is for a Retry-After given as a date.

    `trusts_503`: whether a 503 says that the request was not processed. A proxy that answers so
    after it has given up on a server that is still at work makes it as unknown as any 5xx.
    """
    if isinstance(exchange, Silence):
        outcome = ReplyClass.UNKNOWN if exchange.sent else ReplyClass.UNREACHABLE
        return Reply(kind=outcome, code=exchange.cause)
    said = _object(exchange.body)
    code, key = _code(said.get("code")), _line(said.get("key")) or None
    unprocessed = trusts_503 and exchange.status == UNPROCESSED
    outcome = _outcome(exchange.status, code, key, action, unprocessed=unprocessed)
    delivered = outcome is ReplyClass.DELIVERED
    retry_after = exchange.headers.get("retry-after")
    return Reply(
        kind=outcome,
        code=str(exchange.status if code is None else code),
        message="" if delivered else _line(said.get("message")) or _line(said.get("details")),
        key=None if delivered else key,
        request_id=_id(said.get("requestId") or said.get("request_id")),
        retry_after=None if retry_after is None else _seconds(retry_after, now),
        again_at_once=unprocessed,
    )


def _outcome(
    status: int, code: int | None, key: str | None, action: str, *, unprocessed: bool
) -> ReplyClass:
    """Class an answer by its status, and by the error code and the field that its body names."""
    if SUCCESSES <= status < REDIRECTS:
        return ReplyClass.DELIVERED if code is None else ReplyClass.REJECTED
    if status in THROTTLING:
        return ReplyClass.THROTTLED
    if REDIRECTS <= status < SERVER_ERRORS:
        # Rehook's page says 400 while its samples say 401: the code in the body counts as much as
        # the status, and check-auth has the last word on both.
        refused = status in CREDENTIALS or (status >= CLIENT_ERRORS and code in CREDENTIALS)
        return ReplyClass.CREDENTIALS if refused and key is None else ReplyClass.REJECTED
    if unprocessed or action in REPEATABLE:
        return ReplyClass.UNAVAILABLE
    return ReplyClass.UNKNOWN


def _object(body: bytes) -> dict[str, jsontext.JSON]:
    """The object that a body is; an empty one for anything else."""
    try:
        value = jsontext.decode(body)
    except jsontext.JsonError:
        return {}
    return value if isinstance(value, dict) else {}


def _code(value: object) -> int | None:
    """It, if it is an error's: as a number or as a number's text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = float(value)
    if isinstance(value, int | float) and CLIENT_ERRORS <= value <= MAX_CODE:
        return int(value)
    return None


def _line(value: object) -> str:
    """One line that any store and terminal takes; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    text = value[:MAX_TEXT_CHARACTERS]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()


def _id(value: object) -> str | None:
    """It, if it is fit for the ledger and for a log."""
    if isinstance(value, str) and 0 < len(value) <= MAX_REQUEST_ID_CHARACTERS:
        return value if value.isascii() and value.isprintable() else None
    return None


def _seconds(retry_after: str, now: float) -> float | None:
    """Seconds to wait, from seconds or an HTTP date (RFC 9110, 10.2.3); None if it says neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        # asctime's format names no zone: HTTP's dates are UTC (RFC 9110, 5.6.7).
        seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
