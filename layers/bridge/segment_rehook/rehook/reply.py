"""The table of failures: what Rehook's answer, or a missing answer, means for a delivery.

Each row decides whether Rehook may already have acted. A reward that may have been given must not
be given again by accident, and a reward that was certainly not given must not be lost.

    delivered     Rehook has it
    rejected      Rehook read it and will never take it: parked until an operator sends it back
    credentials   the key pair seems to be refused; check-auth decides (delivery.caller)
    throttled     not processed: Rehook limits the rate
    unavailable   not processed: Rehook is out of order
    unreachable   nothing was sent: name, connection or TLS failed
    unknown       it was sent, and whether Rehook acted on it is not known

Sources: Rehook's trigger-event reference (error bodies, the 401 that names a `key`).
docs/failures.md explains the table to users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
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

# Seconds. A longer wait is left to the queue's own back-off.
MAX_RETRY_AFTER = 3600.0
MAX_TEXT_CHARACTERS = 500
MAX_REQUEST_ID_CHARACTERS = 200
# Rehook's codes have three digits. Longer ones are accepted up to this one.
MAX_CODE = 999_999

REFERRAL_CODE = "referral_code"
_NAMES_REFERRAL_CODE = re.compile(r"referral[ _-]?code", re.IGNORECASE)


class ReplyClass(StrEnum):
    """What an answer means: see the table in the module's docstring."""

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
    """No whole answer came.

    `sent`: whether any of the request may have reached the server. `cause`: the stage that the call
    had reached, and `timeout` or `failed`; safe to log.
    """

    sent: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A classed answer.

    `code` is Rehook's error code, HTTP's status, or the cause of the silence: safe to log.
    `message` is Rehook's text. It may quote the payload, so it goes into parked messages and never
    into a log. `key` is the field that Rehook refuses, and is treated as `message` is.
    `retry_after`: seconds, 0 to 3,600. `again_at_once`: one second try without a wait is allowed.
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
        """The field that Rehook refuses and Rehook's text. Not for a log."""
        return ": ".join(filter(None, (self.key, self.message)))

    @property
    def blames_referral_code(self) -> bool:
        """Whether it is rejected for its referral code, which may belong to another customer.

        No source says how Rehook words this. If the answer names a key, the key decides; if not,
        the message does.
        """
        if self.kind is not ReplyClass.REJECTED:
            return False
        if self.key is not None:
            return self.key.rpartition(".")[2] == REFERRAL_CODE
        return _NAMES_REFERRAL_CODE.search(self.message) is not None


def judge(exchange: Answer | Silence, *, action: str, now: float, trusts_503: bool = True) -> Reply:
    """Class an answer, or a missing one. `now`: epoch seconds, for a Retry-After that is a date.

    `trusts_503`: whether a 503 means that the request was not processed. It does not where a proxy
    answers 503 while the server behind it may still be at work: then it is unknown, as any 5xx.
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
    """Give an error's code, which may be a number or a number's text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = float(value)
    if isinstance(value, int | float) and CLIENT_ERRORS <= value <= MAX_CODE:
        return int(value)
    return None


def _line(value: object) -> str:
    """Give a text as one printable line; an empty one for what is no text."""
    if not isinstance(value, str):
        return ""
    text = value[:MAX_TEXT_CHARACTERS]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()


def _id(value: object) -> str | None:
    """Give an id that is fit for the ledger and for a log; None for anything else."""
    if isinstance(value, str) and 0 < len(value) <= MAX_REQUEST_ID_CHARACTERS:
        return value if value.isascii() and value.isprintable() else None
    return None


def _seconds(retry_after: str, now: float) -> float | None:
    """Give the seconds to wait, from seconds or a date (RFC 9110, 10.2.3); None for neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        seconds = float(text)
    else:
        # A date is rare, and no start of a function should wait for the mail parser.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 — see above

        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        # asctime's format names no zone: HTTP's dates are UTC (RFC 9110, 5.6.7).
        seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
