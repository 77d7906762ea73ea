"""The setting `referralConflict: resend`: sends an identify again without its referral code.

Rehook rejects an identify whose `referral_code` belongs to another customer. Without the code, the
customer's traits still arrive. Both calls together take no longer than one time-out, so that the
claim's lease covers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from segment_rehook.rehook.deadline import Clocks, Stopwatch
from segment_rehook.rehook.reply import REFERRAL_CODE
from segment_rehook.segment import jsontext

if TYPE_CHECKING:
    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.reply import Reply

IDENTIFY = "identifyUser"


class Client(Protocol):
    """The part of the client that is used here."""

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make one call."""

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth."""


@dataclass(frozen=True, slots=True)
class ResendWithoutCode:
    """The port `Rehook`: makes calls by `rehook`, and some of them twice."""

    rehook: Client
    clocks: Clocks = field(default_factory=Clocks)

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make the call; if it is rejected for its referral code, call again without the code."""
        watch = Stopwatch(self.clocks)
        reply = self.rehook.call(request, timeout=timeout, action=action)
        if action != IDENTIFY or not reply.blames_referral_code:
            return reply
        less = _without_code(request)
        if less is None:
            return reply
        return self.rehook.call(less, timeout=timeout - watch.elapsed(), action=action)

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth."""
        return self.rehook.credentials_good(timeout=timeout)


def _without_code(request: Request) -> Request | None:
    """Give the same request without the code; None if it has none."""
    body = jsontext.decode(request.body)
    if not isinstance(body, dict) or REFERRAL_CODE not in body:
        return None
    rest = {name: value for name, value in body.items() if name != REFERRAL_CODE}
    return msgspec.structs.replace(request, body=jsontext.encode(rest))
