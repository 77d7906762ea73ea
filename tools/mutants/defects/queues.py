"""Deliberate defects in messages to the queues: how they are sent, their ids, their bodies."""

from __future__ import annotations

from tools.mutants.defect import Defect

SENDING = "delivery/queues/sending.py"
MESSAGE = "delivery/queues/message.py"
PARKING_LOT = "delivery/queues/parking_lot.py"
IDS = "delivery/ids.py"

IN_THE_QUEUES = (
    Defect(
        "200 for what SQS did not take",
        "delivery/ingest/request.py",
        "Outcome.STORED if any(sent[number : number + 1]) else Outcome.FAILED",
        "Outcome.STORED",
    ),
    Defect(
        "trust a call to SQS as a whole",
        SENDING,
        "                user.taken[index] = was_taken\n",
        "                user.taken[index] = True\n",
    ),
    Defect(
        "two messages of a user in a call",
        SENDING,
        "if longest * CALL_SECONDS > seconds else 1",
        "if longest else 1",
    ),
    Defect(
        "try a refused entry once only",
        SENDING,
        "MAX_TRIES = 2",
        "MAX_TRIES = 1",
    ),
    Defect(
        "a deduplication id without the nonce",
        IDS,
        '    return _hash("dead letter", delivery, content, nonce)',
        '    return _hash("dead letter", delivery, content)',
    ),
    Defect(
        "a deduplication id without the content",
        IDS,
        '    return _hash("dead letter", delivery, content, nonce)',
        '    return _hash("dead letter", delivery, nonce)',
    ),
    Defect(
        "a parked one's deduplication id without the epoch",
        IDS,
        '    return _hash("parked", delivery, str(epoch))',
        '    return _hash("parked", delivery)',
    ),
    Defect(
        "a conflict's deduplication id without the message",
        PARKING_LOT,
        "            dedupe=ids.conflict_dedupe(received.message_id),\n",
        "",
    ),
    Defect(
        "park without naming the claim",
        PARKING_LOT,
        "header = replace(header, token=mine.token, nonce=mine.nonce)",
        "header = replace(header, token=mine.token)",
    ),
    Defect(
        "a parked message keeps the mark",
        MESSAGE,
        'detail=detail, resend=False, mark=""',
        "detail=detail, resend=False",
    ),
    Defect(
        "what was sent back as stored is sent as stored for ever",
        MESSAGE,
        'detail=detail, resend=False, mark=""',
        'detail=detail, mark=""',
    ),
    Defect(
        "no room for what parking adds",
        MESSAGE,
        "            room=PARKING_ROOM,\n",
        "",
    ),
    Defect(
        "encode a stored request anew",
        MESSAGE,
        "            content = _members(texts[b'\"request\"'])[b'\"body\"']\n",
        '            content = jsontext.encode(body["request"]["body"])\n',
    ),
)
