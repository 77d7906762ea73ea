"""A process that makes one call and can be frozen on the way: `frozen_call URL PLACE`.

PLACE: `name` freezes itself while the name is looked up, `kept` once it has a connection and is
about to use it again, `answer` leaves the freezing to the server. Prints the last reply.
"""

from __future__ import annotations

import os
import signal
import sys

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.resolver import Address, look_up

TIMEOUT = 0.5
EVENT = Request("POST", "/events/invoke", b"{}")


def freeze() -> None:
    """Stop this process until it gets SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def main(url: str, place: str) -> None:
    """Make one call, or two if the kept connection is to be used."""
    calls = 2 if place == "kept" else 1
    made = 0

    def credentials() -> tuple[str, str]:
        nonlocal made
        made += 1
        if made == 2:
            freeze()
        return "key", "secret"

    def named(host: str, port: int) -> list[Address]:
        if place == "name":
            freeze()
        return look_up(host, port)

    client = RehookClient(url, credentials, look_up=named)
    for _ in range(calls):
        reply = client.call(EVENT, timeout=TIMEOUT, action="trackEvent")
        print(reply.kind, reply.code, flush=True)  # noqa: T201 — its way to answer
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
