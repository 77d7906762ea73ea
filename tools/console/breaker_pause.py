"""Ends the breaker's pause, as if its time had passed: the next call finds out how Rehook is."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from segment_rehook.aws.items import BREAKER_KEY, breaker_item, breaker_of

if TYPE_CHECKING:
    from tools.console.subject import ConsoleSubject

__all__ = ["end_pause"]


def end_pause(subject: ConsoleSubject) -> bool:
    """End the pause. Returns whether there was one. Raises what AWS's calls raise."""
    table = subject.stack.output("LedgerTable")
    dynamodb = subject.box.dynamodb
    item = dynamodb.get_item(TableName=table, Key={"id": {"S": BREAKER_KEY}}).get("Item")
    if item is None:
        return False
    record = breaker_of(item)
    now = time.time()
    if record.open_until <= now:
        return False
    ended = replace(record, nonce=secrets.token_hex(8), open_until=now)
    try:
        dynamodb.put_item(
            TableName=table,
            Item=breaker_item(ended),
            ConditionExpression="nonce = :seen",
            ExpressionAttributeValues={":seen": item["nonce"]},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False  # a function has heard of Rehook meanwhile
    return True
