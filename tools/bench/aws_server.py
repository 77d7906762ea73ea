"""A quick stand-in for DynamoDB, SSM and SQS, in a process of its own; it prints its port.

It answers after `--delay-ms`, keeps items and messages in memory, and counts calls and units.

    GET /reset     forget everything
    GET /counts    {"calls": {"PutItem": 2, …}, "reads": 1, "writes": 2}, the breaker's left out
    GET /open-breaker, /close-breaker
    GET /messages  the messages that were sent, as SQS's API names their parts
"""

from __future__ import annotations

import argparse
import asyncio
import re
import selectors
import sys
import traceback
from typing import TYPE_CHECKING, Any, cast

import msgspec

from segment_rehook.aws.items import BREAKER_KEY, breaker_item
from segment_rehook.aws.parameters import SecretName
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from tools.bench.aws_items import Failed, Items

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: \w+\.(\w+)", re.IGNORECASE)
OPEN = BreakerRecord(nonce="bench", open_until=2e12, reason="unreachable")
PARAMETERS = {
    SecretName.API_KEY: "key-1",
    SecretName.API_SECRET: "secret-1",
    SecretName.SHARED_SECRETS: "shared-1",
    SecretName.USER_KEY: "0123456789abcdef0123456789abcdef",
}


class Aws:
    """All services' answers, by the operation's name."""

    def __init__(self) -> None:
        self.items = Items()
        self.messages: list[dict[str, Any]] = []
        self._operations: dict[str, Callable[[Any], object]] = {
            "PutItem": self.items.put,
            "UpdateItem": self.items.take_queued,
            "DeleteItem": self.items.delete,
            "BatchGetItem": self.items.get_batch,
            "BatchWriteItem": self.items.write_batch,
            "BatchExecuteStatement": self.items.execute_batch,
            "GetParametersByPath": self._parameters,
            "SendMessageBatch": self._send,
            "ChangeMessageVisibilityBatch": _each_done,
        }

    def answer(self, operation: str, asked: Any) -> tuple[int, object]:
        """Status and body."""
        self.items.calls[operation] += 1
        try:
            return 200, self._operations[operation](asked)
        except Failed as failed:
            return 400, failed.body

    def counts(self) -> object:
        """What was asked, and the units it cost."""
        items = self.items
        return {"calls": items.calls, "reads": items.reads, "writes": items.writes}

    def _send(self, asked: Any) -> object:
        self.messages += asked["Entries"]
        return _each_done(asked)

    def _parameters(self, asked: Any) -> object:
        path = asked["Path"]
        return {
            "Parameters": [
                {"Name": f"{path}/{name}", "Value": value, "Type": "SecureString"}
                for name, value in PARAMETERS.items()
            ]
        }


def _each_done(asked: Any) -> object:
    done = [
        {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""}
        for entry in asked["Entries"]
    ]
    return {"Successful": done, "Failed": []}


class Answering(asyncio.Protocol):
    """One connection, one request at a time."""

    aws = Aws()
    delay = 0.0

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it for the answers."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is whole."""
        self._unread += data
        end = self._unread.find(b"\r\n\r\n")
        head = bytes(self._unread[:end])
        length = _LENGTH.search(head)
        body = self._unread[end + 4 :]
        if end < 0 or len(body) < (int(length[1]) if length else 0):
            return
        self._unread.clear()
        target = _TARGET.search(head)
        if target is None:
            self._write(200, self._own(head.split(maxsplit=2)[1]))
            return
        status, answer = self.aws.answer(target[1].decode(), msgspec.json.decode(body))
        asyncio.get_running_loop().call_later(self.delay, self._write, status, answer)

    def _own(self, path: bytes) -> object:
        if path == b"/reset":
            Answering.aws = Aws()
        if path == b"/open-breaker":
            self.aws.items.items[BREAKER_KEY] = breaker_item(OPEN)
        if path == b"/close-breaker":
            self.aws.items.items.pop(BREAKER_KEY, None)
        return self.aws.messages if path == b"/messages" else self.aws.counts()

    def _write(self, status: int, answer: object) -> None:
        body = msgspec.json.encode(answer)
        head = b"HTTP/1.1 %d X\r\nContent-Type: application/x-amz-json-1.0\r\n" % status
        if self._transport:
            self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))


async def main(delay: float) -> None:
    """Serve until killed."""
    Answering.delay = delay
    loop = asyncio.get_running_loop()
    # A request that can't be answered ends the bench, which waits for it, instead of its figures.
    loop.set_exception_handler(_end)
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _end(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    traceback.print_exception(context.get("exception"))
    sys.stderr.flush()
    raise SystemExit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    seconds = parser.parse_args().delay_ms / 1000
    # Other selectors wait in whole milliseconds, rounded up.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(main(seconds))
