"""One call to Rehook under a claim. If Rehook refuses the key pair, check-auth is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.rehook.reply import Reply, ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker import Breaker, Permit
    from segment_rehook.delivery.ports import Clock, Rehook, SecretStore, Telemetry
    from segment_rehook.rehook.plan import Request

# Seconds of the lease that must be left when a call's time-out ends.
LEASE_MARGIN = 2.0


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
    ) -> Reply:
        """Call Rehook under the claim `mine`; if it refuses the key pair, ask check-auth.

        `time_left` gives the seconds until the caller must have finished. A second try is made only
        if a whole time-out is left. The breaker is told the reply, unless no call was made or
        whether the key pair is refused was not found out.
        """
        used = self._key_pair()
        timeout = min(self.timeout, self._lease_left(mine))
        if timeout < self.timeout / 2:
            # Frozen between claim and call: another environment may have the claim by now.
            return Reply(kind=ReplyClass.UNREACHABLE, code="late")

        def in_time() -> bool:
            return min(time_left(), self._lease_left(mine)) >= self.timeout

        def again() -> Reply | None:
            """Make the call once more, if there is time for it."""
            if not in_time():
                return None
            return self.rehook.call(request, timeout=self.timeout, action=action)

        reply = self.rehook.call(request, timeout=timeout, action=action)
        if reply.again_at_once:
            reply = again() or reply
        if reply.kind is ReplyClass.CREDENTIALS:
            judged = self._arbitrate(reply, used, again) if in_time() else None
            if judged is None:
                return reply
            reply = judged
        self.breaker.heard(permit, reply)
        return reply

    def _lease_left(self, mine: Record) -> float:
        return mine.lease - self.clock.now() - LEASE_MARGIN

    def _arbitrate(
        self, reply: Reply, used: tuple[str, str], again: Callable[[], Reply | None]
    ) -> Reply | None:
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
            return replace(reply, kind=ReplyClass.REJECTED)
        self.telemetry.warn(
            "Rehook refuses the key pair: put the right one with `segment-rehook secrets put`",
            code=reply.code,
        )
        self.telemetry.count("CredentialsRefused")
        return reply

    def _key_pair(self) -> tuple[str, str]:
        secrets = self.secrets.read()
        return secrets.api_key, secrets.api_secret
