"""One delivery: claim it, call, and say in the ledger what came of it.

Ingest and redrive share this; what they do with a delivery that did not get through differs, and
is theirs. The order is always: claim → call → (message) → ledger, so that whatever is killed in
between is met by somebody who can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.delivery.meet import Verdict
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook.delivery.record import Pen, Record
from segment_rehook.rehook.reply import REPEATABLE, Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.breaker import Breaker, Permit
    from segment_rehook.delivery.ports import Chance, Clock, Ledger, Rehook, SecretStore, Telemetry
    from segment_rehook.rehook.plan import Request

# Somebody else's write came first this often: leave the delivery to them.
CLAIM_TRIES = 4
SETTLE_TRIES = 2
# Seconds after which a write that failed is not tried again: a table that hangs would take the
# whole function's time, and then nobody hears that the delivery was made.
SETTLE_SECONDS = 1.0
# What a call needs of its lease beyond its own time-out.
LEASE_MARGIN = 2.0

# Nothing of these reached Rehook's rules: they may be tried again without harm.
STORED_AS = {
    Outcome.THROTTLED: Stored.THROTTLED,
    Outcome.UNAVAILABLE: Stored.UNAVAILABLE,
    Outcome.UNREACHABLE: Stored.UNREACHABLE,
    Outcome.CREDENTIALS: Stored.CREDENTIALS,
    Outcome.UNKNOWN: Stored.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The operator's figures. Seconds, unless it says otherwise.

    `lease`: how long a claim is safe from others. `park_unknown`: the policy for calls that may
    not be repeated (see docs/guarantees.md). `keep`: how long the ledger remembers.
    """

    call_timeout: float
    lease: float
    keep: int
    park_unknown: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What claiming came to: the verdict, and the claim if it was taken."""

    verdict: Verdict
    mine: Record | None = None


@dataclass(slots=True)
class Courier:
    """Makes deliveries. Thread-safe as far as its collaborators are."""

    ledger: Ledger
    rehook: Rehook
    secrets: SecretStore
    breaker: Breaker
    clock: Clock
    chance: Chance
    telemetry: Telemetry
    terms: Terms

    def claim(
        self,
        delivery: str,
        content: str,
        meet: Callable[[Record | None], Verdict],
        *,
        queued: bool = False,
    ) -> Taken:
        """Claim a delivery if its record allows it, as `meet` judges.

        Raises ClaimUnknown when the ledger gave no answer.
        """
        was: Record | None = None
        verdict = Verdict.TAKE
        for _ in range(CLAIM_TRIES):
            new = self._pen().claim(
                delivery,
                content,
                was,
                lease=self.terms.lease,
                queued=queued,
                crashed=verdict is Verdict.TAKE_CRASHED,
            )
            try:
                swap = self.ledger.swap(new, was)
            except LedgerUnavailable as error:
                raise ClaimUnknown(verdict, new) from error
            if swap.won:
                return Taken(verdict, new)
            was = swap.found
            verdict = meet(was)
            if verdict not in {Verdict.TAKE, Verdict.TAKE_CRASHED}:
                return Taken(verdict)
        return Taken(Verdict.CLAIMED)

    def call(
        self,
        permit: Permit,
        mine: Record,
        request: Request,
        action: str,
        time_left: Callable[[], float],
    ) -> Reply:
        """Call Rehook under a claim; if it refuses the key pair, ask check-auth whose fault it is.

        `time_left`: seconds until the caller must have finished; a second try needs a whole
        time-out of it. The breaker hears of the reply, unless the reply says nothing of Rehook.
        """
        used = self._key_pair()
        timeout = min(self.terms.call_timeout, self._lease_left(mine))
        if timeout < self.terms.call_timeout / 2:
            # Frozen between claim and call: the claim may be somebody else's by now.
            return Reply(outcome=Outcome.UNREACHABLE, code="late")

        def in_time() -> bool:
            return min(time_left(), self._lease_left(mine)) >= self.terms.call_timeout

        def again() -> Reply | None:
            """The call once more, if there is time for it."""
            if not in_time():
                return None
            return self.rehook.call(request, timeout=self.terms.call_timeout, action=action)

        reply = self.rehook.call(request, timeout=timeout, action=action)
        if reply.again_at_once:
            reply = again() or reply
        if reply.outcome is Outcome.CREDENTIALS:
            judged = self._arbitrate(reply, used, again) if in_time() else None
            if judged is None:
                return reply
            reply = judged
        self.breaker.heard(permit, reply)
        return reply

    def doubted(self, mine: Record, reply: Reply, action: str) -> Record:
        """The claim, in doubt where the call may have been acted on and must not be repeated."""
        unknown = reply.outcome is Outcome.UNKNOWN and action not in REPEATABLE
        return replace(mine, doubtful=True) if unknown else mine

    def repeats(self, action: str) -> bool:
        """Whether a call of this action is made again when its outcome is unknown."""
        return action in REPEATABLE or not self.terms.park_unknown

    def settle_delivered(self, mine: Record, reply: Reply) -> None:
        """Rehook has it, whatever the ledger says."""
        if not self._settle(self._pen().deliver(mine, reply.request_id), mine):
            self.telemetry.count("Unrecorded")
            self.telemetry.warn("delivered, but not recorded", delivery=mine.id)

    def settle_queued(self, mine: Record) -> None:
        """A message for it is in the queue. If this is not recorded, the message still says it."""
        self._settle(self._pen().queue(mine), mine)

    def settle_parked(self, mine: Record, reason: str) -> None:
        """A message for it is in the parking lot."""
        self._settle(self._pen().park(mine, reason), mine)

    def release(self, mine: Record) -> None:
        """It is known to be undelivered, and it is stored nowhere."""
        self._settle(self._pen().release(mine), mine)

    def _settle(self, record: Record, mine: Record) -> bool:
        """Write it, and once more where the ledger gave no answer: it knows its own nonce."""
        until = self.clock.monotonic() + SETTLE_SECONDS
        for _ in range(SETTLE_TRIES):
            try:
                if self.ledger.swap(record, mine).won:
                    return True
                break  # overtaken: the lease ran out, or a message that names the claim came first
            except LedgerUnavailable:
                if self.clock.monotonic() > until:
                    break
        # The lease runs out, and whoever meets the record then finds out what happened.
        self.telemetry.count("Unsettled")
        return False

    def _lease_left(self, mine: Record) -> float:
        return mine.lease - self.clock.now() - LEASE_MARGIN

    def _arbitrate(
        self, reply: Reply, used: tuple[str, str], again: Callable[[], Reply | None]
    ) -> Reply | None:
        """Tell a payload that Rehook dislikes from a key pair that it refuses.

        `used`: the pair that was refused. It may have been rotated since, so what check-auth says
        of another pair says nothing of this one: the call is made `again`. None where there is no
        time for that.
        """
        good = self.rehook.credentials_good(timeout=self.terms.call_timeout)
        if not good:
            self.secrets.refused()
        if self._key_pair() != used:
            return again()
        if good:
            return replace(reply, outcome=Outcome.REJECTED)
        self.telemetry.warn(
            "Rehook refuses the key pair: put the right one with `segment-rehook secrets put`",
            code=reply.code,
        )
        self.telemetry.count("CredentialsRefused")
        return reply

    def _key_pair(self) -> tuple[str, str]:
        secrets = self.secrets.read()
        return secrets.api_key, secrets.api_secret

    def _pen(self) -> Pen:
        return Pen(now=self.clock.now(), nonce=self.chance.nonce(), keep=self.terms.keep)


class ClaimUnknown(Exception):
    """The ledger gave no answer to a claim: it may have landed, under this nonce and token.

    Both are empty where it would have taken over from a claimant that died: a message that named
    such a claim would say that nothing was called under it, and of the dead one nobody knows.
    """

    def __init__(self, verdict: Verdict, claim: Record) -> None:
        super().__init__("the ledger gave no answer to a claim")
        crashed = verdict is Verdict.TAKE_CRASHED
        self.nonce = "" if crashed else claim.nonce
        self.token = 0 if crashed else claim.token
