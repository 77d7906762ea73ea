"""Deliberate defects in what deliveries share: calls of the ledger, their bounds, the threads."""

from __future__ import annotations

from tools.mutants.defect import Defect

ADAPTER = "aws/dynamodb.py"
LANE = "delivery/ingest/lane.py"
PIPELINE = "delivery/ingest/pipeline.py"
REQUEST = "delivery/ingest/request.py"
STEPS = "delivery/ingest/steps.py"

IN_SHARED_CALLS = (
    Defect(
        "claim the whole request at once",
        PIPELINE,
        "self._together = min(2 * workers - 1, MAX_CHANGES)",
        "self._together = 1_000",
    ),
    Defect(
        "call on while nothing is settled",
        PIPELINE,
        "self._calling < self._workers and called < self._together",
        "self._calling < self._workers",
    ),
    Defect(
        "more calls side by side than workers",
        PIPELINE,
        "        if self._claimed and self._calling < self._workers and",
        "        if self._claimed and",
    ),
    Defect(
        "claim a user's next delivery before the last one is settled",
        PIPELINE,
        "                self._called.append((lane, progress))\n",
        "                self._called.append((lane, progress))\n"
        "                if len(lane.deliveries) > len(lane.results) + 1:\n"
        "                    lane.results.append(progress.result)\n"
        "                    self._unclaimed.appendleft(lane)\n"
        "                    self._open += 1\n",
    ),
    Defect(
        "a thread that dies leaves the others waiting",
        PIPELINE,
        "                self._ended = True  # also",
        "                self._ended = False  # also",
    ),
    Defect(
        "a message does not name the claim that was not used",
        LANE,
        'return (self.unused.token, self.unused.nonce) if self.unused else (0, "")',
        'return (0, "")',
    ),
    Defect(
        "each message of a lane names the claim that was not used",
        REQUEST,
        'token, nonce = lane.claimed_under if number == 1 else (0, "")',
        "token, nonce = lane.claimed_under",
    ),
    Defect(
        "a claim that was not used stays",
        REQUEST,
        "        if settlements:\n",
        "        if not settlements:\n",
    ),
    Defect(
        "a thread that finishes a lane after another has died waits",
        PIPELINE,
        "                self._ended = True  # also",
        "                self._open = 0  # also",
    ),
    Defect(
        "a message names a claim that was taken over from a dead claimant",
        STEPS,
        "            if claim.verdict is Verdict.TAKE:\n",
        "            if claim.verdict:\n",
    ),
    Defect(
        "a claim that was not used is released although its message waits",
        REQUEST,
        "            if lane.user in sent\n",
        "            if lane.user not in sent\n",
    ),
    Defect(
        "claim others while one probes",
        STEPS,
        "                if permit.probe is not None:\n",
        "                if permit.probe is None and permit.probe:\n",
    ),
    Defect(
        "claim while the breaker is open",
        STEPS,
        "                if permit.allowed:\n                    return self._claims_of(lanes)\n",
        "                if permit:\n                    return self._claims_of(lanes)\n",
    ),
    Defect(
        "a probe is not settled",
        STEPS,
        "            self._claims.settle(progress.settlement)\n",
        "            pass\n",
    ),
    Defect(
        "a probe is settled twice",
        STEPS,
        "outcomes.append(replace(progress, settlement=None))",
        "outcomes.append(progress)",
    ),
    Defect(
        "call although the ledger has failed a claim",
        STEPS,
        "            reason = self._reason_to_wait()\n            if reason is None:\n"
        "                with self._breaker.permit() as permit:\n"
        "                    if permit.allowed:",
        "            reason = None\n            if reason is None:\n"
        "                with self._breaker.permit() as permit:\n"
        "                    if permit.allowed:",
    ),
    Defect(
        "take a statement that failed for one that won",
        ADAPTER,
        "        if code not in LOST:\n",
        "        if code not in LOST:\n            return WON\n        if code not in LOST:\n",
    ),
    Defect(
        "take a record that a statement did not name for none",
        ADAPTER,
        "return _lost(change, found) if found else self._swap(change)",
        "return _lost(change, found or {})",
    ),
    Defect(
        "take a settlement that failed beside a cleared mark for made",
        ADAPTER,
        'return gone and "Error" not in settled',
        "return gone",
    ),
    Defect(
        "take a mark that could not be cleared for gone",
        ADAPTER,
        'return gone and "Error" not in settled',
        'return "Error" not in settled',
    ),
    Defect(
        "clear a later mark",
        "aws/statements.py",
        'WHERE "id"=? AND "last"=?\',  # noqa: S608 — values are apart\n'
        '        "Parameters": [{"S": items.USER + user}, {"S": mark}],\n',
        'WHERE "id"=?\',\n        "Parameters": [{"S": items.USER + user}],\n',
    ),
    Defect(
        "an update leaves a reason behind",
        ADAPTER,
        "[change for change in changes if shares(change)]",
        "list(changes)",
    ),
    Defect(
        "a statement that was sent twice has lost",
        ADAPTER,
        'if found.get("nonce") == {"S": change.new.nonce}:',
        "if False:",
    ),
)
