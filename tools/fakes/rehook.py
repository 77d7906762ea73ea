"""Rehook in memory: it answers as a test orders, and records what it carried out."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tools.fakes.faults import Hook


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer. `acts`: Rehook carries out the request, whatever it answers."""

    reply: Reply
    acts: bool


DELIVERED = Turn(Reply(kind=ReplyClass.DELIVERED, code="200", request_id="req-1"), acts=True)
REJECTED = Turn(Reply(kind=ReplyClass.REJECTED, code="400", message="no such event"), acts=False)
CREDENTIALS = Turn(Reply(kind=ReplyClass.CREDENTIALS, code="401"), acts=False)
THROTTLED = Turn(Reply(kind=ReplyClass.THROTTLED, code="429", retry_after=7.0), acts=False)
UNAVAILABLE = Turn(Reply(kind=ReplyClass.UNAVAILABLE, code="503", again_at_once=True), acts=False)
UNREACHABLE = Turn(Reply(kind=ReplyClass.UNREACHABLE, code="connect"), acts=False)
UNKNOWN_DONE = Turn(Reply(kind=ReplyClass.UNKNOWN, code="timeout"), acts=True)
UNKNOWN_UNDONE = Turn(Reply(kind=ReplyClass.UNKNOWN, code="timeout"), acts=False)


class FakeRehook:
    """A `Rehook`.

    The turns of `script` are used first, then `answer` is asked for each call. `calls` contains
    every request, and `books` every request that was carried out. `before` and `after` are called
    around each call.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Request, str], Turn] = lambda _request, _action: DELIVERED
        self.script: deque[Turn] = deque()
        self.credentials: bool | None = True
        self.calls: list[Request] = []
        self.books: list[Request] = []
        self.checks = 0
        self.before: Hook = lambda _operation, _subject: None
        self.after: Hook = lambda _operation, _subject: None
        self._lock = threading.Lock()

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:  # noqa: ARG002 — the port's
        """Answer with the next turn."""
        self.before("rehook.call", request)
        with self._lock:
            turn = self.script.popleft() if self.script else self.answer(request, action)
            self.calls.append(request)
            if turn.acts:
                self.books.append(request)
        self.after("rehook.call", request)
        return turn.reply

    def credentials_good(self, *, timeout: float) -> bool | None:  # noqa: ARG002 — the port's
        """Return `credentials`, and count the check."""
        with self._lock:
            self.checks += 1
        return self.credentials

    @property
    def rewards(self) -> Counter[bytes]:
        """How often each body was carried out by the call that gives rewards."""
        return Counter(request.body for request in self.books if request.path == "/events/invoke")
