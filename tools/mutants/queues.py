"""Deliberate defects in what is stored, hidden, parked and marked."""

from __future__ import annotations

from tools.mutants.defect import Defect

IN_THE_QUEUES = (
    Defect(
        "ledger before send",
        "delivery/live.py",
        "        sent = self._send(lane, delivery, reason, mine.token, mine.nonce)\n",
        "        self.courier.settle_queued(mine)\n"
        "        sent = self._send(lane, delivery, reason, mine.token, mine.nonce)\n",
    ),
    Defect(
        "ledger before parking",
        "delivery/live.py",
        "        if self.parking.send_one(message):\n",
        "        self.courier.settle_parked(mine, reason)\n"
        "        if self.parking.send_one(message):\n",
    ),
    Defect(
        "redrive: ledger before parking",
        "delivery/redeliver.py",
        "        if self._on.parking.send(header, self._message, mine, reason, text):\n",
        "        self._courier.settle_parked(mine, reason)\n"
        "        if self._on.parking.send(header, self._message, mine, reason, text):\n",
    ),
    Defect(
        "redrive: ledger before hiding",
        "delivery/redrive.py",
        "                self._hide(rest, step.seconds)\n"
        "                if step.mine is not None:\n"
        "                    courier.settle_queued(step.mine)\n",
        "                if step.mine is not None:\n"
        "                    courier.settle_queued(step.mine)\n"
        "                self._hide(rest, step.seconds)\n",
    ),
    Defect(
        "send anew instead of hiding",
        "delivery/redrive.py",
        "                self._hide(rest, step.seconds)\n",
        "                from segment_rehook.delivery.ports import Outgoing\n"
        "                self.dead_letters.send([Outgoing(group=each.group, dedupe=each.receipt,\n"
        "                    body=each.body, attributes=each.attributes) for each in rest])\n"
        "                rest = []\n",
    ),
    Defect(
        "hide the head alone",
        "delivery/redrive.py",
        "                self._hide(rest, step.seconds)\n",
        "                self._hide(rest[:1], step.seconds)\n",
    ),
    Defect(
        "delete on failure",
        "delivery/redrive.py",
        "[Worked(each, step.result, kept=True) for each in rest]",
        "[Worked(each, step.result, kept=False) for each in rest]",
    ),
    Defect(
        "delete what somebody else has claimed",
        "delivery/redeliver.py",
        "        if verdict is Verdict.CLAIMED:\n            lease_left",
        "        if verdict is Verdict.CLAIMED and header.nonce:\n            lease_left",
    ),
    Defect(
        "go on behind a failure",
        "delivery/redrive.py",
        "                rest = messages[index:]\n",
        "                rest = messages[index:index + 1]\n",
    ),
    Defect(
        "one defect stops the batch",
        "delivery/redrive.py",
        "        except Exception as error:",
        "        except MemoryError as error:",
    ),
    Defect(
        "200 for what SQS did not take",
        "delivery/ingest.py",
        "Result(Outcome.STORED if taken else Outcome.FAILED, lane.store_as)",
        "Result(Outcome.STORED, lane.store_as)",
    ),
    Defect(
        "200 for what could neither be stored nor settled",
        "delivery/live.py",
        "        return Result(Outcome.STORED if sent else Outcome.FAILED, reason, code=code)",
        "        return Result(Outcome.STORED, reason, code=code)",
    ),
    Defect(
        "200 for what could not be parked",
        "delivery/live.py",
        "        return Result(Outcome.FAILED, reason)",
        "        return Result(Outcome.PARKED, reason)",
    ),
    Defect(
        "go on after what could not be stored",
        "delivery/live.py",
        "        lane.failed = not sent\n",
        "",
    ),
    Defect(
        "trust a call to SQS as a whole",
        "delivery/dispatch.py",
        "                line.taken[index] = was_taken\n",
        "                line.taken[index] = True\n",
    ),
    Defect(
        "two messages of a user in a call",
        "delivery/dispatch.py",
        "if longest * CALL_SECONDS > seconds else 1",
        "if longest else 1",
    ),
    Defect(
        "try a refused entry once only",
        "delivery/dispatch.py",
        "TRIES = 2",
        "TRIES = 1",
    ),
    Defect(
        "a deduplication id without the nonce",
        "delivery/ids.py",
        '    return _hash("dead letter", delivery, content, nonce)',
        '    return _hash("dead letter", delivery, content)',
    ),
    Defect(
        "a deduplication id without the content",
        "delivery/ids.py",
        '    return _hash("dead letter", delivery, content, nonce)',
        '    return _hash("dead letter", delivery, nonce)',
    ),
    Defect(
        "a parked one's deduplication id without the epoch",
        "delivery/ids.py",
        '    return _hash("parked", delivery, str(epoch))',
        '    return _hash("parked", delivery)',
    ),
    Defect(
        "a conflict's deduplication id without the message",
        "delivery/undeliverable.py",
        "            dedupe=ids.conflict_dedupe(received.message_id),\n",
        "",
    ),
    Defect(
        "no room for what parking adds",
        "delivery/message.py",
        "            room=PARKING_ROOM,\n",
        "",
    ),
    Defect(
        "encode a stored request anew",
        "delivery/message.py",
        "            content = _members(texts[b'\"request\"'])[b'\"body\"']\n",
        '            content = jsontext.encode(body["request"]["body"])\n',
    ),
    Defect(
        "mark after the send",
        "delivery/live.py",
        "        mark = self.waiting.put([lane.user])\n"
        "        letter = delivery.letter(reason, token=token, nonce=nonce, mark=mark)\n"
        "        return self.dead_letters.send_one("
        "letter.for_dead_letters(ordered=self.waiting.on))",
        '        letter = delivery.letter(reason, token=token, nonce=nonce, mark="x")\n'
        "        out = letter.for_dead_letters(ordered=self.waiting.on)\n"
        "        sent = self.dead_letters.send_one(out)\n"
        "        self.waiting.put([lane.user])\n        return sent",
    ),
    Defect(
        "no mark",
        "delivery/order.py",
        "            self.marks.put(dict.fromkeys(users, name))",
        "            pass",
    ),
    Defect(
        "the same mark each time",
        "delivery/order.py",
        "        name = self.chance.nonce()",
        '        name = "waiting"',
    ),
    Defect(
        "clear the mark with the first message",
        "delivery/ingest.py",
        "delivery.letter(reason) for delivery in earlier",
        "delivery.letter(reason, mark=mark) for delivery in earlier",
    ),
    Defect(
        "never clear a mark",
        "delivery/redeliver.py",
        "        if not header.mark:\n",
        "        if header.mark:\n",
    ),
    Defect(
        "clear the mark also of what waits on",
        "delivery/redeliver.py",
        "        if isinstance(step, Done):\n            self._unmark(header)",
        "        self._unmark(header)",
    ),
    Defect(
        "no mark once a claim went unheard",
        "delivery/order.py",
        "        if self.ledger_down and self.time_left() <= 0:\n",
        "        if self.ledger_down:\n",
    ),
    Defect(
        "overtake whoever waits",
        "delivery/ingest.py",
        "        if lane.store_as is None and lane.user in self._waiting:\n",
        "        if lane.store_as is None and lane.user in ():\n",
    ),
    Defect(
        "let an old message expire while paused",
        "delivery/redeliver.py",
        "        if paused and not self._expired:\n",
        "        if paused:\n",
    ),
    Defect(
        "let an old message expire while the breaker is open",
        "delivery/redeliver.py",
        "        if not gate.open and not self._expired:\n",
        "        if not gate.open:\n",
    ),
    Defect(
        "give up before the last try",
        "delivery/redeliver.py",
        "        if crashed and not self._courier.repeats(letter.action):\n",
        "        if self._age > self._on.ages.give_up:\n"
        '            return Parked.GAVE_UP, ""\n'
        "        if crashed and not self._courier.repeats(letter.action):\n",
    ),
    Defect(
        "retry with the new mapping",
        "delivery/redeliver.py",
        "(header.parked_token is None or header.resend)",
        "header.resend",
    ),
    Defect(
        "send an operator's message as it was mapped",
        "delivery/redeliver.py",
        "(header.parked_token is None or header.resend)",
        "True",
    ),
    Defect(
        "send for a disabled subscription",
        "delivery/redeliver.py",
        "each.id == header.subscription and each.enabled for each",
        "each.id == header.subscription for each",
    ),
    Defect(
        "claim for hours: hide beyond SQS's limit",
        "delivery/backoff.py",
        "return min(round(seconds), HIDDEN_MOST - 120)",
        "return round(seconds)",
    ),
    Defect(
        "wait no shorter when throttled",
        "delivery/backoff.py",
        "if throttled and age < YOUNG else",
        "if throttled and age < 0 else",
    ),
    Defect(
        "ask again every five seconds for ten days",
        "delivery/backoff.py",
        "YOUNG = 1800.0",
        "YOUNG = 1e9",
    ),
    Defect(
        "wait for a turn under the claim",
        "delivery/redeliver.py",
        "        reply = self._courier.call(taken.mine,",
        "        self._courier.clock.sleep(85.0)\n        reply = self._courier.call(taken.mine,",
    ),
    Defect(
        "call before the turn",
        "delivery/pace.py",
        "            if turn - now > most:\n                return turn - now\n",
        "            if turn - now > most:\n                return 0.0\n",
    ),
)
