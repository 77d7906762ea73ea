"""Subsegments in X-Ray for the calls to Rehook. Loaded only if the variable TRACING is `on`.

Lambda itself makes a function's segment, and runs a daemon that takes documents by UDP. No SDK is
needed for one kind of subsegment: docs/decisions/tracing.md. Source: "AWS X-Ray segment documents"
and "Sending trace data to AWS X-Ray", X-Ray developer guide.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.delivery.ports import Clock, Rehook
    from segment_rehook.rehook.plan import Request
    from segment_rehook.rehook.reply import Reply

# Lambda sets both: the first for each invocation, the second for the process.
TRACE, DAEMON = "_X_AMZN_TRACE_ID", "AWS_XRAY_DAEMON_ADDRESS"
HEADER = b'{"format": "json", "version": 1}\n'
# Of one invocation. X-Ray limits the size of a trace, and a batch can have thousands of calls.
MAX_SUBSEGMENTS = 100

ERRORS = frozenset({ReplyClass.REJECTED, ReplyClass.CREDENTIALS})
FAULTS = frozenset({ReplyClass.UNAVAILABLE, ReplyClass.UNREACHABLE, ReplyClass.UNKNOWN})


class TracedRehook:
    """The port `Rehook` over another one. It reports each call, and never fails for it.

    `host`: Rehook's name in the trace. A document has no part of the request or of the answer but
    the answer's code and request id.
    """

    def __init__(
        self, rehook: Rehook, host: str, clock: Clock, environment: Mapping[str, str]
    ) -> None:
        self._rehook = rehook
        self._host = host
        self._clock = clock
        self._environment = environment
        self._daemon = _address(environment.get(DAEMON, ""))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._lock = threading.Lock()
        self._trace, self._sent = "", 0

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Make the call, then report it."""
        began = self._clock.now()
        reply = self._rehook.call(request, timeout=timeout, action=action)
        self._report(began, action, reply)
        return reply

    def credentials_good(self, *, timeout: float) -> bool | None:
        """Ask check-auth. This is not reported."""
        return self._rehook.credentials_good(timeout=timeout)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _report(self, began: float, action: str, reply: Reply) -> None:
        trace = self._environment.get(TRACE, "")
        members = dict(part.partition("=")[::2] for part in trace.split(";"))
        root, parent = members.get("Root"), members.get("Parent")
        sampled = members.get("Sampled") == "1"
        if not (sampled and root and parent and self._daemon and self._may_send(trace)):
            return
        document = {
            "type": "subsegment",
            "id": os.urandom(8).hex(),
            "trace_id": root,
            "parent_id": parent,
            "name": self._host,
            "namespace": "remote",
            "start_time": began,
            "end_time": self._clock.now(),
            "throttle": reply.kind is ReplyClass.THROTTLED,
            "error": reply.kind in ERRORS or reply.kind is ReplyClass.THROTTLED,
            "fault": reply.kind in FAULTS,
            "annotations": {
                "action": action,
                "reply": str(reply.kind),
                "code": reply.code,
                "rehook_request_id": reply.request_id or "",
            },
        }
        with suppress(OSError):  # a trace is never worth a delivery
            self._socket.sendto(HEADER + json.dumps(document).encode(), self._daemon)

    def _may_send(self, trace: str) -> bool:
        with self._lock:
            if trace != self._trace:
                self._trace, self._sent = trace, 0
            self._sent += 1
            return self._sent <= MAX_SUBSEGMENTS


def _address(text: str) -> tuple[str, int] | None:
    """Read `host:port`; None if there is none."""
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host and port.isdecimal() else None
