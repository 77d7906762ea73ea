"""Deliberate defects in the order of a user's events: in the marks, and in the rest of a lane."""

from __future__ import annotations

from tools.mutants.defect import Defect

ATTEMPT = "delivery/ingest/attempt.py"
LANE = "delivery/ingest/lane.py"
REQUEST = "delivery/ingest/request.py"
STEPS = "delivery/ingest/steps.py"
MARKS = "delivery/ingest/user_marks.py"
REDRIVE = "delivery/redrive/attempt.py"

IN_THE_ORDER = (
    Defect(
        "mark after the send",
        ATTEMPT,
        "            mark = self.waiting.mark([delivery.user])\n"
        "            letter = delivery.letter("
        "reason, token=mine.token, nonce=mine.nonce, mark=mark)\n"
        "            message = letter.for_dead_letters(ordered=self.waiting.ordered)\n"
        "            sent = self.dead_letters.send_one(message)\n",
        "            letter = delivery.letter("
        "reason, token=mine.token, nonce=mine.nonce, mark='x')\n"
        "            message = letter.for_dead_letters(ordered=self.waiting.ordered)\n"
        "            sent = self.dead_letters.send_one(message)\n"
        "            self.waiting.mark([delivery.user])\n",
    ),
    Defect(
        "deliver the rest ahead of what was stored",
        ATTEMPT,
        "            store_rest=Stored.USER_WAITING if self.waiting.ordered else None,\n"
        "            fail_rest=not sent,\n",
        "            fail_rest=not sent,\n",
    ),
    Defect(
        "store the rest behind what was stored, also with order off",
        ATTEMPT,
        "store_rest=Stored.USER_WAITING if self.waiting.ordered else None,\n",
        "store_rest=Stored.USER_WAITING,\n",
    ),
    Defect(
        "go on after what could not be stored",
        ATTEMPT,
        "            fail_rest=not sent,\n",
        "",
    ),
    Defect(
        "go on after what could not be parked",
        ATTEMPT,
        "        return Progress(failed, fail_rest=True, settlement=released)\n",
        "        return Progress(failed, settlement=released)\n",
    ),
    Defect(
        "fail the rest after what is too large for any queue",
        ATTEMPT,
        "            return Progress(dropped, settlement=released)\n",
        "            return Progress(dropped, fail_rest=True, settlement=released)\n",
    ),
    Defect(
        "deliver the rest ahead of a duplicate that waits",
        ATTEMPT,
        "behind = verdict is Verdict.QUEUED and self.waiting.ordered",
        "behind = False",
    ),
    Defect(
        "deliver the rest ahead of what somebody else has claimed",
        ATTEMPT,
        "            return Progress(None, store_rest=Stored.CLAIMED_ELSEWHERE)\n",
        "            return Progress(Result(Outcome.STORED, Stored.CLAIMED_ELSEWHERE))\n",
    ),
    Defect(
        "a lane forgets that something failed",
        LANE,
        "        self.store_as, self.failed = progress.store_rest, progress.fail_rest\n",
        "        self.store_as = progress.store_rest\n",
    ),
    Defect(
        "a lane goes on although the rest is to be stored",
        LANE,
        "        self.store_as, self.failed = progress.store_rest, progress.fail_rest\n",
        "        self.failed = progress.fail_rest\n"
        "        if progress.result is None:\n"
        "            self.store_as = progress.store_rest\n",
    ),
    Defect(
        "clear the mark with the first message",
        REQUEST,
        "            ends = number == len(fitting)\n",
        "            ends = number == 1\n",
    ),
    Defect(
        "overtake whoever waits",
        STEPS,
        "Stored.USER_WAITING if lane.user in self._waiting else None",
        "Stored.USER_WAITING if lane.user in () else None",
    ),
    Defect(
        "no mark",
        MARKS,
        "            self.marks.put(dict.fromkeys(users, name))",
        "            pass",
    ),
    Defect(
        "the same mark each time",
        MARKS,
        "        name = self.randomness.nonce()",
        '        name = "waiting"',
    ),
    Defect(
        "no mark once a claim went unheard",
        MARKS,
        "        if self.ledger_down and self.time_left() <= 0:\n",
        "        if self.ledger_down:\n",
    ),
    Defect(
        "never clear a mark",
        REDRIVE,
        "        if self._unmarked or not header.mark:\n",
        "        if self._unmarked or header.mark:\n",
    ),
    Defect(
        "clear the mark also of what waits on",
        REDRIVE,
        "        if isinstance(disposition, Delete):\n            self._unmark(header)",
        "        self._unmark(header)",
    ),
)
