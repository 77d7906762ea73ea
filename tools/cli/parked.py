"""What was given up, and the way back: look into the parking lot, send its messages back.

SQS's own redrive does the same from the console (docs/redrive.md). This one can choose by reason or
delivery, and puts each message back into its user's group, so that they are delivered in order.

A message is sent first and deleted then. What is sent back and not deleted is sent back once more,
and recognised by the ledger.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segment_rehook.aws.sqs import SqsQueue, received
from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.message import Header, MessageUnreadable
from segment_rehook.delivery.ports import Outgoing, QueueUnavailable, Received

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["Lot", "ParkedMessage", "commands"]

HIDDEN_SECONDS = 120
MOST_AT_ONCE = 10

commands = typer.Typer(help="What was given up: look at it, send it back.", no_args_is_help=True)

Stack = Annotated[str, typer.Option(help="The CloudFormation stack's name.")]
Region = Annotated[str | None, typer.Option(help="AWS region, if not your default.")]
Reason = Annotated[str | None, typer.Option(help="Only what was parked for this reason.")]


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message of the parking lot. `header` is None where it is not one of the bridge's."""

    message: Received
    header: Header | None

    def shown(self) -> dict[str, str | int | None]:
        """What a person needs to decide; nothing of the event."""
        header = self.header
        return {
            "delivery": header.delivery if header else None,
            "reason": header.reason if header else "unreadable",
            "detail": header.detail if header else "not a message of this bridge",
            "parkedSecondsAgo": max(int(time.time() - self.message.sent_at), 0),
            "sqsMessageId": self.message.message_id,
        }


class Lot:
    """A stack's parking lot and its dead-letter queue."""

    def __init__(self, client: SQSClient, parking_lot_url: str, dead_letter_queue_url: str) -> None:
        self._client = client
        self._url = parking_lot_url
        self._parking = SqsQueue(client, parking_lot_url)
        self._dead_letters = SqsQueue(client, dead_letter_queue_url)

    def messages(self) -> list[ParkedMessage]:
        """Everything that can be seen, oldest first, each hidden from others for two minutes."""
        found = {each.message.message_id: each for each in self._receive_all()}
        return sorted(found.values(), key=lambda each: each.message.sent_at)

    def _receive_all(self) -> Iterator[ParkedMessage]:
        while True:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MOST_AT_ONCE,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            found = answer.get("Messages", [])
            if not found:
                return
            for raw in found:
                message = received(_as_record(raw))
                try:
                    header = Header.read(message.attributes)
                except MessageUnreadable:
                    header = None
                yield ParkedMessage(message, header)

    def show_again(self, messages: list[ParkedMessage]) -> None:
        """End the hiding of what is left where it is."""
        for start in range(0, len(messages), MOST_AT_ONCE):
            receipts = [each.message.receipt for each in messages[start : start + MOST_AT_ONCE]]
            self._parking.change_visibility(dict.fromkeys(receipts, 0))

    def send_back(self, parked: ParkedMessage, *, stored: bool) -> bool:
        """Send one message back; False where SQS did not take it or it is not the bridge's.

        `stored`: have the stored request sent as it is, and not the event mapped anew.
        """
        if parked.header is None:
            return False
        header = replace(parked.header, resend=stored)
        message = Outgoing(
            group=header.user,
            dedupe=ids.sent_back_dedupe(parked.message.message_id),
            body=parked.message.body,
            attributes=header.attributes(),
        )
        if not self._dead_letters.send([message])[0]:
            return False
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=parked.message.receipt)
        return True


@commands.command("list", epilog="Example: segment-rehook parked list --stack prod --json")
def list_parked(
    *,
    stack: Stack,
    region: Region = None,
    reason: Reason = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
) -> None:
    """Show what was given up, and why. Nothing is changed."""
    lot = _lot(stack, region)
    kept = lot.messages()
    lot.show_again(kept)
    rows = [each.shown() for each in kept if reason is None or each.shown()["reason"] == reason]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    from rich.console import Console  # noqa: PLC0415 — only this command draws a table
    from rich.table import Table  # noqa: PLC0415 — as above

    table = Table("delivery", "reason", "detail", "parked for")
    for row in rows:
        hours = int(row["parkedSecondsAgo"] or 0) / 3600
        table.add_row(
            str(row["delivery"]), str(row["reason"]), str(row["detail"]), f"{hours:.1f} h"
        )
    Console().print(table)


@commands.command(
    epilog="Examples: segment-rehook parked redrive --stack prod --reason rejected · "
    "segment-rehook parked redrive --stack prod --delivery ID --stored"
)
def redrive(
    *,
    stack: Stack,
    region: Region = None,
    reason: Reason = None,
    delivery: Annotated[str | None, typer.Option(help="Only this delivery.")] = None,
    stored: Annotated[
        bool, typer.Option(help="Send the stored request; do not map the event anew.")
    ] = False,
) -> None:
    """Send parked messages back to the dead-letter queue, from where they are delivered."""
    lot = _lot(stack, region)
    sent, left = 0, []
    for each in lot.messages():
        chosen = each.header is not None and (
            reason in {None, each.header.reason} and delivery in {None, each.header.delivery}
        )
        try:
            done = chosen and lot.send_back(each, stored=stored)
        except QueueUnavailable as error:
            typer.echo(f"segment-rehook: AWS did not take it: {error}", err=True)
            done = False
        if done:
            sent += 1
        else:
            left.append(each)
    lot.show_again(left)
    typer.echo(f"sent back: {sent}, left: {len(left)}")


def _lot(stack: str, region: str | None) -> Lot:
    # boto3 takes a quarter of a second to import, and few commands need it.
    import boto3  # noqa: PLC0415 — see above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 — see above

    try:
        described = boto3.client("cloudformation", region_name=region).describe_stacks(
            StackName=stack
        )
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"segment-rehook: the stack can't be read: {error}", err=True)
        raise typer.Exit(1) from None
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in described["Stacks"][0].get("Outputs", [])
    }
    try:
        urls = outputs["ParkingLotUrl"], outputs["DeadLetterQueueUrl"]
    except KeyError as missing:
        typer.echo(f"segment-rehook: the stack {stack} has no output {missing}", err=True)
        raise typer.Exit(1) from None
    return Lot(boto3.client("sqs", region_name=region), *urls)


def _as_record(message: Any) -> dict[str, Any]:
    """A message as ReceiveMessage gives it, in the shape that Lambda hands records over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
    }
