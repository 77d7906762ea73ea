"""The items of the ledger's table: records, marks and the breaker as maps of attributes.

The three kinds of items share the table and differ by the prefix of their key. The items are built
here and not with boto's serialiser, which needs every number as a Decimal and takes six times as
long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]
    Found = Mapping[str, AttributeValueTypeDef]

DELIVERY = "delivery#"
USER = "user#"
BREAKER_KEY = "breaker#rehook"


class ItemUnreadable(ValueError):
    """The table holds an item that this version did not write. The text names the attribute."""


def record_item(record: Record) -> Item:
    """Give the item of a delivery's record. Attributes that are None are left out."""
    item: Item = {
        "id": {"S": DELIVERY + record.id},
        "state": {"S": record.state},
        "token": {"N": str(record.token)},
        "nonce": {"S": record.nonce},
        "content": {"S": record.content},
        "lease": {"N": repr(record.lease)},
        "queued": {"BOOL": record.in_queue},
        "crashes": {"N": str(record.crashes)},
        "doubtful": {"BOOL": record.doubtful},
        "expires_at": {"N": str(record.expires_at)},
    }
    if record.parked_token is not None:
        item["epoch"] = {"N": str(record.parked_token)}
    if record.reason is not None:
        item["reason"] = {"S": record.reason}
    if record.request_id is not None:
        item["request_id"] = {"S": record.request_id}
    return item


def record_of(item: Found) -> Record:
    """Give the record of an item. Raises ItemUnreadable."""
    try:
        return Record(
            id=item["id"]["S"].removeprefix(DELIVERY),
            state=State(item["state"]["S"]),
            token=int(item["token"]["N"]),
            nonce=item["nonce"]["S"],
            content=item["content"]["S"],
            lease=float(item["lease"]["N"]),
            in_queue=item["queued"]["BOOL"],
            crashes=int(item["crashes"]["N"]),
            # An older version did not write the attribute: then the record counts as doubtful.
            doubtful=item.get("doubtful", {"BOOL": True})["BOOL"],
            expires_at=int(item["expires_at"]["N"]),
            parked_token=int(item["epoch"]["N"]) if "epoch" in item else None,
            reason=item["reason"]["S"] if "reason" in item else None,
            request_id=item["request_id"]["S"] if "request_id" in item else None,
        )
    except (KeyError, ValueError) as error:
        raise ItemUnreadable(f"a delivery's item has no readable {error}") from error


def mark_item(user: str, last: str, expires_at: int) -> Item:
    """Give the item of a user's mark. `last`: its name. `expires_at`: in Unix time, seconds."""
    return {
        "id": {"S": USER + user},
        "last": {"S": last},
        "expires_at": {"N": str(expires_at)},
    }


def mark_of(item: Found) -> tuple[str, str]:
    """Give the user and the name of a mark."""
    return item["id"]["S"].removeprefix(USER), item["last"]["S"]


def breaker_item(record: BreakerRecord) -> Item:
    """Give the item of the breaker's record. It never expires."""
    return {
        "id": {"S": BREAKER_KEY},
        "nonce": {"S": record.nonce},
        "open_until": {"N": repr(record.open_until)},
        "probing_until": {"N": repr(record.probing_until)},
        "trips": {"N": str(record.trips)},
        "reason": {"S": record.reason},
    }


def breaker_of(item: Found) -> BreakerRecord:
    """Give the breaker's record of an item. Raises ItemUnreadable."""
    try:
        return BreakerRecord(
            nonce=item["nonce"]["S"],
            open_until=float(item["open_until"]["N"]),
            probing_until=float(item["probing_until"]["N"]),
            trips=int(item["trips"]["N"]),
            reason=item["reason"]["S"],
        )
    except (KeyError, ValueError) as error:
        raise ItemUnreadable(f"the breaker's item has no readable {error}") from error
