"""The reasons for which a whole request is refused, and what to do about each.

    Refusal
    ├── RefusedBody      400, 405    it will never be accepted; Segment discards the events
    ├── RefusedAccess    401         the sender is unknown; Segment discards the events
    └── BodyTooLarge     413         more than one request may hold

Each carries a code (for machines, stable), a message (what is wrong) and a hint (what to change,
and where). None holds a byte of a secret, a token, a signature or the body: all three texts are
logged and shown.

A stack without a secret and a token is not the sender's mistake: `AccessNotConfigured` (access.py)
is no Refusal. It is answered with 503, so that Segment tries again.
"""

from __future__ import annotations


class Refusal(Exception):
    """The request is answered with `status` and an error; no event of it is taken."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


class RefusedBody(Refusal):
    """The request is not one that Segment's webhook destinations make, or carries no events."""

    def __init__(self, code: str, message: str, hint: str, *, status: int = 400) -> None:
        super().__init__(status, code, message, hint)


class RefusedAccess(Refusal):
    """The request does not prove that it comes from a sender who knows a secret."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(401, code, message, hint)


class BodyTooLarge(Refusal):
    """The body has more bytes, or more events, than are taken at once."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(413, code, message, hint)
