"""Deliberate defects in what follows a call: in the protocol's table, and in how ingest acts."""

from __future__ import annotations

from tools.mutants.defect import Defect

TABLE = "delivery/after_call.py"
INGEST = "delivery/ingest/attempt.py"
STEPS = "delivery/ingest/steps.py"

AFTER_THE_CALL = (
    Defect(
        "treat unknown as undelivered under `park`",
        TABLE,
        "return action in REPEATABLE or not park_unknown",
        "return True",
    ),
    Defect(
        "never repeat an upsert under `park`",
        TABLE,
        "return action in REPEATABLE or not park_unknown",
        "return not park_unknown",
    ),
    Defect(
        "say of an unknown reward's last try that it was given up",
        TABLE,
        "    if unknown and not repeats(",
        "    if unknown and not last_try and not repeats(",
    ),
    Defect(
        "try a refused call again",
        TABLE,
        "        return Park(Parked.REJECTED, reply.said)\n",
        "        return Retry(Stored.UNAVAILABLE)\n",
    ),
    Defect(
        "no try is the last one",
        TABLE,
        "    if last_try:\n",
        "    if last_try and unknown:\n",
    ),
    Defect(
        "an unknown outcome that is parked counts as undelivered",
        TABLE,
        "Park(Parked.OUTCOME_UNKNOWN, reply.said, undelivered=False)",
        "Park(Parked.OUTCOME_UNKNOWN, reply.said)",
    ),
    Defect(
        "an unknown outcome that is retried counts as undelivered",
        TABLE,
        "Retry(WAITS_AS[reply.kind], undelivered=not unknown)",
        "Retry(WAITS_AS[reply.kind])",
    ),
    Defect(
        "a dead claimant's delivery counts as undelivered",
        TABLE,
        'Park(Parked.OUTCOME_UNKNOWN, "claimant died", undelivered=False)',
        'Park(Parked.OUTCOME_UNKNOWN, "claimant died")',
    ),
    Defect(
        "an unknown outcome leaves no doubt",
        TABLE,
        "return reply.kind is ReplyClass.UNKNOWN and action not in REPEATABLE",
        "return False",
    ),
    Defect(
        "an upsert with an unknown outcome leaves a doubt",
        TABLE,
        "return reply.kind is ReplyClass.UNKNOWN and action not in REPEATABLE",
        "return reply.kind is ReplyClass.UNKNOWN",
    ),
    Defect(
        "a refusal leaves a doubt",
        TABLE,
        "return reply.kind is ReplyClass.UNKNOWN and action not in REPEATABLE",
        "refused = reply.kind is ReplyClass.REJECTED\n"
        "    return (refused or reply.kind is ReplyClass.UNKNOWN) and action not in REPEATABLE",
    ),
    Defect(
        "settle before the call",
        INGEST,
        "        called = self.caller.call(permit, claim.mine,",
        "        self.claims.settle(self.claims.delivered(claim.mine, None))\n"
        "        called = self.caller.call(permit, claim.mine,",
    ),
    Defect(
        "never write down what was delivered",
        INGEST,
        "                    settlement=self.claims.delivered(mine, request_id),\n",
        "",
    ),
    Defect(
        "ingest does not write down a doubt",
        INGEST,
        "            mine = mine.in_doubt()\n",
        "            pass\n",
    ),
    Defect(
        "look at the fault before the dead claimant",
        INGEST,
        "        if claim.verdict is Verdict.TAKE_CRASHED and (",
        "        if delivery.request and claim.verdict is Verdict.TAKE_CRASHED and (",
    ),
    Defect(
        "ledger before send",
        INGEST,
        "            sent = self.dead_letters.send_one(message)\n",
        "            self.claims.settle(self.claims.queued(mine))\n"
        "            sent = self.dead_letters.send_one(message)\n",
    ),
    Defect(
        "release when the outcome is unknown",
        INGEST,
        "        released = self.claims.released(mine) if undelivered else None\n",
        "        released = self.claims.released(mine)\n",
    ),
    Defect(
        "release nothing that can't be stored",
        INGEST,
        "settlement=self.claims.queued(mine) if sent else released,",
        "settlement=self.claims.queued(mine) if sent else None,",
    ),
    Defect(
        "ledger before parking",
        INGEST,
        "        if self.parking_lot.send_one(message):\n",
        "        self.claims.settle(self.claims.parked(mine, park.reason))\n"
        "        if self.parking_lot.send_one(message):\n",
    ),
    Defect(
        "release an unknown one that could not be parked",
        INGEST,
        "        released = self.claims.released(mine) if park.undelivered else None\n",
        "        released = self.claims.released(mine)\n",
    ),
    Defect(
        "a claim that went unheard stops no further claims",
        STEPS,
        "                self._waiting.ledger_down = True\n",
        "",
    ),
    Defect(
        "200 for what could neither be stored nor settled",
        INGEST,
        "                Outcome.STORED if sent else Outcome.FAILED,\n",
        "                Outcome.STORED,\n",
    ),
    Defect(
        "200 for what could not be parked",
        INGEST,
        "        failed = Result(Outcome.FAILED, park.reason, milliseconds=took)\n",
        "        failed = Result(Outcome.PARKED, park.reason, milliseconds=took)\n",
    ),
)
