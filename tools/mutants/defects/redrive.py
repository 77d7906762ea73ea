"""Deliberate defects in redrive: which messages are hidden, deleted, parked, or called for."""

from __future__ import annotations

from tools.mutants.defect import Defect

BATCH = "delivery/redrive/batch.py"
ATTEMPT = "delivery/redrive/attempt.py"
CLAIMS = "delivery/ledger/claims.py"
LETTER_CALL = "delivery/redrive/letter_call.py"
PARAMETERS = "delivery/stack_parameters.py"

IN_REDRIVE = (
    Defect(
        "redrive: ledger before hiding",
        BATCH,
        "                hidden = self._hide(messages[index:], disposition)\n"
        "                if disposition.mine is not None:\n"
        "                    claims.settle(claims.queued(disposition.mine))\n",
        "                if disposition.mine is not None:\n"
        "                    claims.settle(claims.queued(disposition.mine))\n"
        "                hidden = self._hide(messages[index:], disposition)\n",
    ),
    Defect(
        "send anew instead of hiding",
        BATCH,
        "                hidden = self._hide(messages[index:], disposition)\n",
        "                from segment_rehook.delivery.queues.transport import Outgoing\n"
        "                self.dead_letters.send([Outgoing(group=each.group, dedupe=each.receipt,\n"
        "                    body=each.body, attributes=each.attributes)\n"
        "                    for each in messages[index:]])\n"
        "                hidden = []\n",
    ),
    Defect(
        "hide the head alone",
        BATCH,
        "{message.receipt: hide.seconds for message in messages}",
        "{message.receipt: hide.seconds for message in messages[:1]}",
    ),
    Defect(
        "delete on failure",
        BATCH,
        "                kept=True,\n",
        "                kept=False,\n",
    ),
    Defect(
        "go on behind a failure",
        BATCH,
        "hidden = self._hide(messages[index:], disposition)\n",
        "hidden = self._hide(messages[index : index + 1], disposition)\n",
    ),
    Defect(
        "one defect stops the batch",
        BATCH,
        "        except Exception as error:  # noqa: BLE001 — an",
        "        except MemoryError as error:  # noqa: BLE001 — an",
    ),
    Defect(
        "one group's error ends the invocation before the other groups",
        BATCH,
        "in list(self.pool.map(work, groups.values())):",
        "in self.pool.map(work, groups.values()):",
    ),
    Defect(
        "promise a next try that SQS refused",
        BATCH,
        "for each in messages if each.receipt not in refused}",
        "for each in messages}",
    ),
    Defect(
        "redrive calls in a dry run",
        PARAMETERS,
        "self.mode is not Mode.DELIVER",
        "self.mode is Mode.PAUSE",
    ),
    Defect(
        "redrive calls under `pause`",
        BATCH,
        "worked = self._work(messages, until, instructions)",
        "worked = self._work(messages, until, Instructions(paused=secrets is None))",
    ),
    Defect(
        "redrive calls without secrets",
        BATCH,
        "WITHOUT_SECRETS = Instructions(paused=True)",
        "WITHOUT_SECRETS = Instructions(paused=False)",
    ),
    Defect(
        "redrive: ledger before parking",
        ATTEMPT,
        "        if self._redrive.parking_lot.send(",
        "        self._claims.settle(self._claims.parked(mine, park.reason))\n"
        "        if self._redrive.parking_lot.send(",
    ),
    Defect(
        "redrive never writes down what was delivered",
        ATTEMPT,
        "                self._end(header, self._claims.delivered(mine, request_id))\n",
        "",
    ),
    Defect(
        "an end that went unheard is not written again",
        CLAIMS,
        "            return True\n        self.settle(settlement)\n        return False\n",
        "            return True\n        return False\n",
    ),
    Defect(
        "clear the mark before the settlement is known",
        ATTEMPT,
        "            self._unmarked = self._claims.settle_and_clear(",
        "            self._redrive.marks.clear(header.user, header.mark)\n"
        "            self._unmarked = self._claims.settle_and_clear(",
    ),
    Defect(
        "a mark that was not cleared counts as cleared",
        CLAIMS,
        "        self.settle(settlement)\n        return False\n",
        "        self.settle(settlement)\n        return True\n",
    ),
    Defect(
        "redrive does not write down a doubt",
        ATTEMPT,
        "            mine = mine.in_doubt()\n",
        "            pass\n",
    ),
    Defect(
        "redrive's claim looks like ingest's",
        ATTEMPT,
        "            by_redrive=True,\n",
        "",
    ),
    Defect(
        "redrive expects a record where none is as a rule",
        ATTEMPT,
        "(self._claims.claim_queued if header.nonce else self._claims.claim)(wanted)",
        "self._claims.claim_queued(wanted)",
    ),
    Defect(
        "delete what somebody else has claimed",
        ATTEMPT,
        "        if claim.verdict is Verdict.CLAIMED:\n",
        "        if claim.verdict is Verdict.CLAIMED and header.nonce:\n",
    ),
    Defect(
        "settle a suspected killer as queued when it can't be parked",
        ATTEMPT,
        "replace(call, undelivered=not crashed)",
        "call",
    ),
    Defect(
        "settle an unknown one as queued when it can't be parked",
        ATTEMPT,
        "known = mine if park.undelivered else None",
        "known = mine if park.undelivered or reply else None",
    ),
    Defect(
        "settle nothing as queued that can't be parked",
        ATTEMPT,
        "known = mine if park.undelivered else None",
        "known = None",
    ),
    Defect(
        "say expired of what may have been given",
        ATTEMPT,
        "        if mine.crashes >= MAX_CRASHES:",
        "        if self._expired:\n            return Park(Parked.EXPIRED, header.detail)\n"
        "        if mine.crashes >= MAX_CRASHES:",
    ),
    Defect(
        "call for what has expired",
        ATTEMPT,
        "        if self._expired:\n            return Park(Parked.EXPIRED, header.detail)\n",
        "",
    ),
    Defect(
        "let an old message expire while paused",
        ATTEMPT,
        "        if instructions.paused and not self._expired:\n",
        "        if instructions.paused:\n",
    ),
    Defect(
        "let an old message expire while the breaker is open",
        ATTEMPT,
        "        if not permit.allowed and not self._expired:\n",
        "        if not permit.allowed:\n",
    ),
    Defect(
        "redrive calls without the breaker's permit",
        ATTEMPT,
        "        if not permit.allowed and not self._expired:\n",
        "        if not permit:\n",
    ),
    Defect(
        "give up before the last try",
        ATTEMPT,
        "        if crashed and (park := after_crash(",
        "        if self._age > self._redrive.give_up_after:\n"
        '            return Park(Parked.GAVE_UP, "")\n'
        "        if crashed and (park := after_crash(",
    ),
    Defect(
        "retry with the new mapping",
        LETTER_CALL,
        "(header.parked_token is None or header.resend)",
        "header.resend",
    ),
    Defect(
        "send an operator's message as it was mapped",
        LETTER_CALL,
        "(header.parked_token is None or header.resend)",
        "True",
    ),
    Defect(
        "call for another delivery than the one that is claimed",
        LETTER_CALL,
        '        if Delivery.of(event, key or "", planned).id != letter.header.delivery:\n'
        "            return Park(Parked.NOT_MAPPED, ANOTHER_KEY)\n",
        "",
    ),
    Defect(
        "send for a disabled subscription",
        LETTER_CALL,
        "each.id == header.subscription and each.enabled for each",
        "each.id == header.subscription for each",
    ),
)
