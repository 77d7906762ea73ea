"""Deliberate defects in calls: their time-outs and key pair, the breaker's permits, the pace."""

from __future__ import annotations

from tools.mutants.defect import Defect

CALLER = "delivery/caller.py"
BREAKER = "delivery/pacing/breaker.py"
BACKOFF = "delivery/pacing/backoff.py"
PACE = "delivery/pacing/pace.py"
STEPS = "delivery/ingest/steps.py"
REDRIVE = "delivery/redrive/attempt.py"

IN_THE_CALL = (
    Defect(
        "call under a lease about to run out",
        CALLER,
        "if timeout < self.timeout / 2:",
        "if timeout < -1e9:",
    ),
    Defect(
        "try again at once after anything",
        CALLER,
        "if called.reply.again_at_once:",
        "if called.reply.kind is not ReplyClass.DELIVERED:",
    ),
    Defect(
        "ask nobody about refused credentials",
        CALLER,
        "if called.reply.kind is ReplyClass.CREDENTIALS:",
        "if called.reply.kind is None:",
    ),
    Defect(
        "park what refused credentials leave open",
        CALLER,
        "        if good:\n",
        "        if good is not False:\n",
    ),
    Defect(
        "judge an old key pair by what check-auth says of the new one",
        CALLER,
        "        if self._key_pair() != used:\n            return again()\n",
        "",
    ),
    Defect(
        "a late call trips the breaker",
        CALLER,
        '            return Called(Reply(kind=ReplyClass.UNREACHABLE, code="late"), None)',
        '            late = Reply(kind=ReplyClass.UNREACHABLE, code="late")\n'
        "            self.breaker.heard(permit, late)\n            return Called(late, None)",
    ),
    Defect(
        "a second try beyond the time",
        CALLER,
        "            return min(time_left(), self._lease_left(mine)) >= self.timeout",
        "            return True",
    ),
    Defect(
        "the breaker hears of no call",
        CALLER,
        "        self.breaker.heard(permit, called.reply)\n",
        "",
    ),
    Defect(
        "a call beyond the budget",
        STEPS,
        "room = self._time_to_call() >= self._attempts.caller.timeout",
        "room = self._time_left() >= 0",
    ),
    Defect(
        "ingest calls without the breaker's permit",
        STEPS,
        "                    if permit.allowed:\n",
        "                    if permit:\n",
    ),
    Defect(
        "ingest calls when the permit has been given back",
        STEPS,
        "                        return self._attempts.call("
        "lane.next, claim, permit, self._time_to_call)\n",
        "                        pass\n"
        "                if permit.allowed:\n"
        "                    return self._attempts.call("
        "lane.next, claim, permit, self._time_to_call)\n",
    ),
    Defect(
        "a call beyond redrive's time",
        REDRIVE,
        "        if self._time_left() < self._caller.timeout:\n",
        "        if self._time_left() < -1e9:\n",
    ),
    Defect(
        "wait for a turn under the claim",
        REDRIVE,
        "        called = self._caller.call(permit, mine,",
        "        self._claims.clock.sleep(85.0)\n        called = self._caller.call(permit, mine,",
    ),
    Defect(
        "the pace hears of no call",
        REDRIVE,
        "        self._redrive.pace.heard(called.reply)\n",
        "",
    ),
    Defect(
        "redrive calls when the permit has been given back",
        REDRIVE,
        "                return self._permitted(header, permit)\n",
        "                pass\n            return self._permitted(header, permit)\n",
    ),
    Defect(
        "every environment probes",
        BREAKER,
        "        if self._write(probing):\n",
        "        if self._write(probing) or True:\n",
    ),
    Defect(
        "a probe that is not used is lost",
        BREAKER,
        "            if self._probing is probe:\n",
        "            if False:\n",
    ),
    Defect(
        "a probe is lost when a defect ends its block",
        BREAKER,
        "        try:\n            yield permit\n        finally:\n"
        "            if permit.probe is not None:\n                self._give_back(permit.probe)",
        "        yield permit\n"
        "        if permit.probe is not None:\n            self._give_back(permit.probe)",
    ),
    Defect(
        "a permit gives back another's probe",
        BREAKER,
        "            if permit.probe is not None:\n                self._give_back(permit.probe)",
        "            if self._probing is not None:\n                self._give_back(self._probing)",
    ),
    Defect(
        "a late failure decides for a probe",
        BREAKER,
        "probed = permit.probe is not None and permit.probe is self._probing",
        "probed = self._probing is not None",
    ),
    Defect(
        "a rate limit stops redrive",
        BREAKER,
        "if self._heeds_throttling else 0.0",
        "if True else 0.0",
    ),
    Defect(
        "an open breaker stays open while the table is down",
        BREAKER,
        "            except LedgerUnavailable:\n                self._seen = None",
        "            except LedgerUnavailable:\n                pass",
    ),
    Defect(
        "call before the turn",
        PACE,
        "            if turn - now > most:\n                return turn - now\n",
        "            if turn - now > most:\n                return 0.0\n",
    ),
    Defect(
        "claim for hours: hide beyond SQS's limit",
        BACKOFF,
        "return min(round(seconds), MAX_HIDDEN_SECONDS - 120)",
        "return round(seconds)",
    ),
    Defect(
        "wait no shorter when throttled",
        BACKOFF,
        "if throttled and age < YOUNG else",
        "if throttled and age < 0 else",
    ),
    Defect(
        "ask again every five seconds for ten days",
        BACKOFF,
        "YOUNG = 1800.0",
        "YOUNG = 1e9",
    ),
)
