"""Deliberate defects in the write that claims what rests as queued, without reading it first."""

from __future__ import annotations

from tools.mutants.defect import Defect

CLAIMS = "delivery/ledger/claims.py"
TABLE = "aws/table.py"

IN_TAKING_WHAT_IS_QUEUED = (
    Defect(
        "take a queued delivery of another content",
        TABLE,
        '"#state = :waiting AND #content = :content"',
        '"#state = :waiting AND (#content = :content OR #content <> :content)"',
    ),
    Defect(
        "take a delivery that is not queued",
        TABLE,
        '"#state = :waiting AND #content = :content"',
        '"(#state = :waiting OR #state <> :waiting) AND #content = :content"',
    ),
    Defect(
        "the token does not grow when a delivery is taken from the queue",
        TABLE,
        '":one": {"N": "1"}',
        '":one": {"N": "0"}',
    ),
    Defect(
        "a delivery that is taken from the queue forgets an earlier doubt",
        TABLE,
        '#expires_at = :expires_at REMOVE #reason, #request_id"\n)\nTAKE_VALUES = (',
        '#doubtful = :doubtful, #expires_at = :expires_at REMOVE #reason, #request_id"\n)\n'
        'TAKE_VALUES = ("doubtful", ',
    ),
    Defect(
        "call for a queued delivery that was not taken",
        CLAIMS,
        "if there is not None and there.nonce == first.new.nonce:",
        "if there is not None:",
    ),
    Defect(
        "a claim of what is queued that got no answer is called",
        CLAIMS,
        "            raise ClaimUnknown(first.verdict, first.new) from error\n",
        "            return Claim(first.verdict, mine=first.new)\n",
    ),
)
