"""One call to Rehook under a claim. If Rehook refuses the key pair, check-auth is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.rehook.reply import Reply, ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker import Breaker, Permit
    from segment_rehook.delivery.ports import Clock, Rehook, SecretStore, Telemetry
    from segment_rehook.rehook.plan import Request

# Seconds of the lease that must be left when a call's time-out ends.
LEASE_MARGIN = 2.0


class Called(msgspec.Struct, frozen=True):
    """The reply to a call. `milliseconds`: of the last call, None if none was made."""

    reply: Reply
    milliseconds: int | None


@dataclass(slots=True)
class Caller:
    """Calls Rehook. Thread-safe if its ports are. `timeout`: seconds for one call."""

    rehook: Rehook
    secrets: SecretStore
    breaker: Breaker
    clock: Clock
    telemetry: Telemetry
    timeout: float

    def call(
        self,
        permit: Permit,
        mine: Record,
        request: Request,
        action: str,
        time_left: Callable[[], float],
    ) -> Called:
        """Call Rehook under the claim `mine`; if it refuses the key pair, ask check-auth.

        `time_left` gives the seconds until the caller must have finished. A second try is made only
        if a whole time-out is left. The breaker is told the reply, unless no call was made or
        whether the key pair is refused was not found out.
        """
        used = self._key_pair()
        timeout = min(self.timeout, self._lease_left(mine))
        if timeout < self.timeout / 2:
            # Frozen between claim and call: another environment may have the claim by now.
            return Called(Reply(kind=ReplyClass.UNREACHABLE, code="late"), None)

        def in_time() -> bool:
            return min(time_left(), self._lease_left(mine)) >= self.timeout

        def again() -> Called | None:
            """Make the call once more, if there is time for it."""
            return self._timed(request, self.timeout, action) if in_time() else None

        called = self._timed(request, timeout, action)
        if called.reply.again_at_once:
            called = again() or called
        if called.reply.kind is ReplyClass.CREDENTIALS:
            judged = self._arbitrate(called, used, again) if in_time() else None
            if judged is None:
                return called
            called = judged
        self.breaker.heard(permit, called.reply)
        return called

    def _timed(self, request: Request, timeout: float, action: str) -> Called:
        began = self.clock.monotonic()
        reply = self.rehook.call(request, timeout=timeout, action=action)
        milliseconds = (self.clock.monotonic() - began) * 1000
        self.telemetry.observe("RehookMilliseconds", milliseconds)
        if reply.kind is ReplyClass.UNKNOWN:
            self.telemetry.count("UnknownOutcomes")
        return Called(reply, round(milliseconds))

    def _lease_left(self, mine: Record) -> float:
        return mine.lease - self.clock.now() - LEASE_MARGIN

    def _arbitrate(
        self, called: Called, used: tuple[str, str], again: Callable[[], Called | None]
    ) -> Called | None:
        """Find out whether Rehook refuses the payload or the key pair.

        `used`: the pair that was refused. If it has been rotated since, check-auth's answer is
        about another pair: then the call is made `again`. None if there is no time for that.
        """
        good = self.rehook.credentials_good(timeout=self.timeout)
        if not good:
            self.secrets.refused()
        if self._key_pair() != used:
            return again()
        if good:
            return Called(replace(called.reply, kind=ReplyClass.REJECTED), called.milliseconds)
        self.telemetry.warn(
            "Rehook refuses the key pair: put the right one with `segment-rehook secrets put`",
            code=called.reply.code,
        )
        self.telemetry.count("CredentialsRefused")
        return called

    def _key_pair(self) -> tuple[str, str]:
        secrets = self.secrets.read()
        return secrets.api_key, secrets.api_secret
