"""The deliberate defects: each breaks one sentence of the promise."""

from __future__ import annotations

from tools.mutants.defect import Defect
from tools.mutants.queues import IN_THE_QUEUES

IN_THE_LEDGER = (
    Defect(
        "call without a claim",
        "delivery/courier.py",
        "if swap.won:",
        "if swap.won or swap.found:",
    ),
    Defect(
        "settle before the call",
        "delivery/live.py",
        "        reply = self.courier.call(taken.mine,",
        "        settled = self.courier._pen().deliver(taken.mine, None)\n"
        "        self.courier.ledger.swap(settled, taken.mine)\n"
        "        reply = self.courier.call(taken.mine,",
    ),
    Defect(
        "drop the fence: settle under any claim",
        "delivery/courier.py",
        "                if self.ledger.swap(record, mine).won:",
        "                found = self.ledger.swap(record, mine).found\n"
        "                if found is None or self.ledger.swap(record, found).won:",
    ),
    Defect(
        "a mended event replaces what may have been given",
        "delivery/record.py",
        "at_rest and not self.doubtful and",
        "at_rest and",
    ),
    Defect(
        "a mended event replaces what waits",
        "delivery/record.py",
        "self.state in {State.PARKED, State.RELEASED}",
        "self.state in {State.PARKED, State.RELEASED, State.QUEUED}",
    ),
    Defect(
        "a takeover forgets that its predecessor may have called",
        "delivery/record.py",
        "(was.doubtful or was.state is State.CLAIMED)",
        "was.doubtful",
    ),
    Defect(
        "an unknown outcome leaves no doubt",
        "delivery/courier.py",
        "return replace(mine, doubtful=True) if unknown else mine",
        "return mine",
    ),
    Defect(
        "what is sent back takes the place of a mended event that was parked since",
        "delivery/meet.py",
        "found.state is State.RELEASED or not sent_back",
        "True",
    ),
    Defect(
        "take over a lease that is alive",
        "delivery/record.py",
        "return now > self.lease + CLOCK_MARGIN",
        "return now > self.lease - 25",
    ),
    Defect(
        "ignore the margin for clocks",
        "delivery/record.py",
        "return now > self.lease + CLOCK_MARGIN",
        "return now > self.lease",
    ),
    Defect(
        "call under a lease about to run out",
        "delivery/courier.py",
        "if timeout < self.terms.call_timeout / 2:",
        "if timeout < -1e9:",
    ),
    Defect(
        "never write down what was delivered",
        "delivery/live.py",
        "            self.courier.settle_delivered(mine, reply)\n",
        "",
    ),
    Defect(
        "settle with a new nonce at each try",
        "delivery/courier.py",
        "                if self.ledger.swap(record, mine).won:",
        "                from dataclasses import replace as anew\n"
        "                record = anew(record, nonce=self.chance.nonce())\n"
        "                if self.ledger.swap(record, mine).won:",
    ),
    Defect(
        "settle once only",
        "delivery/courier.py",
        "SETTLE_TRIES = 2",
        "SETTLE_TRIES = 1",
    ),
    Defect(
        "the token does not grow",
        "delivery/record.py",
        "token=(was.token if was else 0) + 1",
        "token=1",
    ),
    Defect(
        "count no crashes",
        "delivery/record.py",
        "crashes=(was.crashes if was else 0) + (1 if crashed else 0)",
        "crashes=0",
    ),
    Defect(
        "never forgive a crash",
        "delivery/record.py",
        "state=State.QUEUED, queued=True, crashes=0)",
        "state=State.QUEUED, queued=True)",
    ),
    Defect(
        "take a dead claimant's delivery for untouched",
        "delivery/meet.py",
        "            return Verdict.TAKE_CRASHED\n        return Verdict.QUEUED",
        "            return Verdict.TAKE\n        return Verdict.QUEUED",
    ),
    Defect(
        "redrive takes a dead claimant's delivery for untouched",
        "delivery/meet.py",
        "return Verdict.TAKE_CRASHED if found.lease_ran_out(now) else Verdict.CLAIMED",
        "return Verdict.TAKE if found.lease_ran_out(now) else Verdict.CLAIMED",
    ),
    Defect(
        "match a message's claim by its token",
        "delivery/meet.py",
        "if header.nonce == found.nonce:",
        "if header.token == found.token:",
    ),
    Defect(
        "any epoch opens what is parked",
        "delivery/meet.py",
        "header.parked_token is not None and header.parked_token == found.parked_token",
        "header.parked_token is not None",
    ),
    Defect(
        "deliver what is parked again without an operator",
        "delivery/meet.py",
        "header.parked_token is not None and header.parked_token == found.parked_token",
        "True",
    ),
    Defect(
        "release when the outcome is unknown",
        "delivery/live.py",
        "        elif reply.kind is not Outcome.UNKNOWN:\n            self.courier.release(mine)",
        "        else:\n            self.courier.release(mine)",
    ),
    Defect(
        "release an unknown one that could not be parked",
        "delivery/live.py",
        "        if reason is not Parked.OUTCOME_UNKNOWN:\n            self.courier.release(mine)",
        "        self.courier.release(mine)",
    ),
    Defect(
        "settle a suspected killer as queued when it can't be parked",
        "delivery/redeliver.py",
        "None if crashed or reason is Parked.OUTCOME_UNKNOWN else mine",
        "None if reason is Parked.OUTCOME_UNKNOWN else mine",
    ),
    Defect(
        "settle an unknown one as queued when it can't be parked",
        "delivery/redeliver.py",
        "None if crashed or reason is Parked.OUTCOME_UNKNOWN else mine",
        "None if crashed else mine",
    ),
    Defect(
        "name a takeover's claim that went unheard",
        "delivery/courier.py",
        'self.nonce = "" if crashed else claim.nonce',
        "self.nonce = claim.nonce",
    ),
    Defect(
        "name no claim that went unheard",
        "delivery/courier.py",
        'self.nonce = "" if crashed else claim.nonce',
        'self.nonce = ""',
    ),
    Defect(
        "park without naming the claim",
        "delivery/undeliverable.py",
        "header = replace(header, token=mine.token, nonce=mine.nonce)",
        "header = replace(header, token=mine.token)",
    ),
    Defect(
        "treat unknown as undelivered under `park`",
        "delivery/courier.py",
        "return action in REPEATABLE or not self.terms.park_unknown",
        "return True",
    ),
    Defect(
        "never repeat an upsert under `park`",
        "delivery/courier.py",
        "return action in REPEATABLE or not self.terms.park_unknown",
        "return not self.terms.park_unknown",
    ),
    Defect(
        "look at the fault before the dead claimant",
        "delivery/live.py",
        "        if taken.verdict is Verdict.TAKE_CRASHED and not",
        "        if delivery.request and taken.verdict is Verdict.TAKE_CRASHED and not",
    ),
    Defect(
        "say expired of what may have been given",
        "delivery/redeliver.py",
        "        if mine.crashes >= CRASHES_MOST:",
        "        if self._expired:\n            return Parked.EXPIRED, header.detail\n"
        "        if mine.crashes >= CRASHES_MOST:",
    ),
    Defect(
        "one id with another event is delivered",
        "delivery/meet.py",
        "    if found.content != content:\n        return Verdict.CONFLICT\n",
        "",
    ),
    Defect(
        "one id, another event's message is delivered",
        "delivery/meet.py",
        "    if found.content != header.content:\n        return Verdict.CONFLICT\n",
        "",
    ),
    Defect(
        "the same event twice in one request, twice delivered",
        "delivery/planner.py",
        "        if known is not None:\n",
        "        if known is not None and known != delivery.content:\n",
    ),
)

IN_THE_CALL = (
    Defect(
        "try again at once after anything",
        "delivery/courier.py",
        "if reply.again_at_once:",
        "if reply.kind is not Outcome.DELIVERED:",
    ),
    Defect(
        "ask nobody about refused credentials",
        "delivery/courier.py",
        "if reply.kind is Outcome.CREDENTIALS:",
        "if reply.kind is None:",
    ),
    Defect(
        "park what refused credentials leave open",
        "delivery/courier.py",
        "        if good:\n",
        "        if good is not False:\n",
    ),
    Defect(
        "judge an old key pair by what check-auth says of the new one",
        "delivery/courier.py",
        "        if self._key_pair() != used:\n            return again()\n",
        "",
    ),
    Defect(
        "a late call trips the breaker",
        "delivery/courier.py",
        '            return Reply(kind=Outcome.UNREACHABLE, code="late")',
        '            late = Reply(kind=Outcome.UNREACHABLE, code="late")\n'
        "            self.breaker.heard(permit, late)\n            return late",
    ),
    Defect(
        "a second try beyond the time",
        "delivery/courier.py",
        "            return min(time_left(), self._lease_left(mine)) >= self.terms.call_timeout",
        "            return True",
    ),
    Defect(
        "a call beyond the budget",
        "delivery/ingest.py",
        "room = self._time_to_call() >= self._courier.terms.call_timeout",
        "room = self._time_left() >= 0",
    ),
    Defect(
        "a call beyond redrive's time",
        "delivery/redeliver.py",
        "        if self._time_left() < self._courier.terms.call_timeout:\n",
        "        if self._time_left() < -1e9:\n",
    ),
    Defect(
        "every environment probes",
        "delivery/breaker.py",
        "        if self._write(probing):\n",
        "        if self._write(probing) or True:\n",
    ),
    Defect(
        "a probe that is not used is lost",
        "delivery/breaker.py",
        "            if self._probing is probe:\n",
        "            if False:\n",
    ),
    Defect(
        "a probe is lost when a defect ends its block",
        "delivery/breaker.py",
        "        try:\n            yield permit\n        finally:\n"
        "            if permit.probe is not None:\n                self._give_back(permit.probe)",
        "        yield permit\n"
        "        if permit.probe is not None:\n            self._give_back(permit.probe)",
    ),
    Defect(
        "a permit gives back another's probe",
        "delivery/breaker.py",
        "            if permit.probe is not None:\n                self._give_back(permit.probe)",
        "            if self._probing is not None:\n                self._give_back(self._probing)",
    ),
    Defect(
        "a late failure decides for a probe",
        "delivery/breaker.py",
        "probed = permit.probe is not None and permit.probe is self._probing",
        "probed = self._probing is not None",
    ),
    Defect(
        "a rate limit stops redrive",
        "delivery/breaker.py",
        "if self._heeds_throttling else 0.0",
        "if True else 0.0",
    ),
    Defect(
        "an open breaker stays open while the table is down",
        "delivery/breaker.py",
        "            except LedgerUnavailable:\n                self._seen = None",
        "            except LedgerUnavailable:\n                pass",
    ),
)

DEFECTS = IN_THE_LEDGER + IN_THE_CALL + IN_THE_QUEUES
