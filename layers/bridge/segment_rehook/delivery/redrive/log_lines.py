"""The line that redrive logs about each message that it has worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery import ids
from segment_rehook.delivery.outcome_line import OutcomeLine
from segment_rehook.delivery.queues.message import Header, MessageUnreadable
from segment_rehook.delivery.queues.origin import UNKNOWN_ORIGIN, origin_of

if TYPE_CHECKING:
    from segment_rehook.delivery.redrive.worked import Worked


def line_of(worked: Worked, now: float, user_key: bytes | None) -> OutcomeLine:
    """Give the line. `now`: in seconds of Unix time. `user_key`: see `Secrets`."""
    message, result, called = worked.message, worked.result, worked.called
    try:
        header = Header.read(message.attributes)
    except MessageUnreadable:
        header = None
    origin = origin_of(message.body) if header else UNKNOWN_ORIGIN
    return OutcomeLine(
        outcome=result.outcome.value,
        reason=result.reason,
        request_id=origin.request_id,
        message_id=origin.message_id,
        delivery=worked.delivery,
        subscription=header.subscription if header else None,
        action=called.action or None if called else None,
        code=result.code,
        rehook_request_id=result.request_id,
        milliseconds=result.milliseconds,
        tries=message.receive_count,
        mapping=called.mapping if called else origin.mapping,
        user=ids.logged_user(header.user, user_key) if header and user_key else None,
        sqs_message_id=message.message_id,
        receive_count=message.receive_count,
        age_seconds=worked.age(now),
        next_try_seconds=worked.next_try,
        received_at=origin.received_at(result.reason),
    )
