"""Deliberate defects in what follows a call: in the protocol's table, and in how ingest acts."""

from __future__ import annotations

from tools.mutants.defect import Defect

TABLE = "delivery/after_call.py"
INGEST = "delivery/ingest/attempt.py"

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
        "        reply = self.caller.call(permit, claim.mine,",
        "        settled = self.claims._writer().deliver(claim.mine, None)\n"
        "        self.claims.ledger.swap(settled, claim.mine)\n"
        "        reply = self.caller.call(permit, claim.mine,",
    ),
    Defect(
        "never write down what was delivered",
        INGEST,
        "                self.claims.settle_delivered(mine, request_id)\n",
        "",
    ),
    Defect(
        "ingest does not write down a doubt",
        INGEST,
        "            mine = replace(mine, doubtful=True)\n",
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
        "                sent = self._send(delivery, reason, mine.token, mine.nonce)\n",
        "                self.claims.settle_queued(mine)\n"
        "                sent = self._send(delivery, reason, mine.token, mine.nonce)\n",
    ),
    Defect(
        "release when the outcome is unknown",
        INGEST,
        "                elif undelivered:\n",
        "                else:\n",
    ),
    Defect(
        "release nothing that can't be stored",
        INGEST,
        "                elif undelivered:\n                    self.claims.release(mine)\n",
        "",
    ),
    Defect(
        "ledger before parking",
        INGEST,
        "        if self.parking_lot.send_one(message):\n",
        "        self.claims.settle_parked(mine, park.reason)\n"
        "        if self.parking_lot.send_one(message):\n",
    ),
    Defect(
        "release an unknown one that could not be parked",
        INGEST,
        "        if park.undelivered:\n            self.claims.release(mine)",
        "        self.claims.release(mine)",
    ),
    Defect(
        "a claim that went unheard stops no further claims",
        INGEST,
        "            self.waiting.ledger_down = True\n",
        "",
    ),
    Defect(
        "200 for what could neither be stored nor settled",
        INGEST,
        "Result(Outcome.STORED if sent else Outcome.FAILED, reason, code=code)",
        "Result(Outcome.STORED, reason, code=code)",
    ),
    Defect(
        "200 for what could not be parked",
        INGEST,
        "Progress(Result(Outcome.FAILED, park.reason), fail_rest=True)",
        "Progress(Result(Outcome.PARKED, park.reason), fail_rest=True)",
    ),
)
