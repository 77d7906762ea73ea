"""Deliberate defects in the cut-over: what is discarded, and when."""

from __future__ import annotations

from tools.mutants.defect import Defect

INSTRUCTIONS = "delivery/stack_parameters.py"
BEFORE_CUTOVER = "delivery/redrive/before_cutover.py"
RULES = "delivery/ledger/claim_rules.py"

IN_THE_CUTOVER = (
    Defect(
        "discard what comes during the pause",
        INSTRUCTIONS,
        "not self.paused and self.cutover is not None and received",
        "self.cutover is not None and received",
    ),
    Defect(
        "discard what came at the time of the cut-over",
        INSTRUCTIONS,
        "received < self.cutover",
        "received <= self.cutover",
    ),
    Defect(
        "deliver what the hosted destination has had",
        BEFORE_CUTOVER,
        "    return instructions.discards(message.sent_at if received is None else received)\n",
        "    return instructions.discards(message.sent_at)\n",
    ),
    Defect(
        "discard what an operator sent back",
        BEFORE_CUTOVER,
        "header.parked_token is not None or not",
        "not",
    ),
    Defect(
        "discard under a claim",
        BEFORE_CUTOVER,
        "            released_as=Dropped.BEFORE_CUTOVER,\n",
        "",
    ),
    Defect(
        "discard what a dead claimant may have called for",
        RULES,
        "    if verdict is Verdict.TAKE_CRASHED:\n        return Verdict.DOUBTFUL\n",
        "",
    ),
    Defect(
        "discard what is doubtful",
        RULES,
        "return Verdict.DOUBTFUL if verdict is Verdict.TAKE and doubtful else verdict",
        "return verdict",
    ),
    Defect(
        "deliver under a cut-over that can't be read",
        "aws/parameters.py",
        "        mode = Mode.PAUSE  # what",
        "        pass  # what",
    ),
)
