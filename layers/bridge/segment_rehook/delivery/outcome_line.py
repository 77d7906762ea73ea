"""One line of the log: what came of a delivery, or of an event that has none.

A request can have thousands of lines, so a line is a struct that is encoded as it is. What all
lines of an invocation have in common (time, service, API Gateway's request id in ingest) is not in
it.
"""

from __future__ import annotations

import msgspec


class OutcomeLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The fields of a line; what is None is left out. None of them may hold personal data.

    `request_id`: API Gateway's id of the request that stored the delivery; in redrive's lines only,
    since ingest's lines share theirs. `message_id`: Segment's. `delivery`: its id. `code` and
    `rehook_request_id`: of Rehook's answer. `milliseconds`: of the call to Rehook. `tries`: how
    often the delivery was tried, this time included. `mapping`: the version of destination.json
    that the call was made with. `user`: a keyed hash (`ids.logged_user`). `ignored`: why each
    subscription does not take the event. `age_seconds`: since the message entered the queue.
    `next_try_seconds`: until SQS shows the message again. `received_at`: when Segment received an
    event that is dropped as `before_cutover`.
    """

    outcome: str
    reason: str | None = None
    request_id: str | None = None
    message_id: str | None = None
    delivery: str | None = None
    subscription: str | None = None
    action: str | None = None
    code: str | None = None
    rehook_request_id: str | None = None
    milliseconds: int | None = None
    tries: int | None = None
    mapping: str | None = None
    user: str | None = None
    ignored: str | None = None
    sqs_message_id: str | None = None
    receive_count: int | None = None
    age_seconds: int | None = None
    next_try_seconds: int | None = None
    received_at: str | None = None
