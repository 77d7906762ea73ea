"""What a call to AWS raises when the service refuses it, or gives no clear answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class AwsError(Exception):
    """A call failed, after the client's own retries.

    `code`: the service's error code or, where no whole answer came, the step of the call that
    failed (`connect_timeout`). `answer`: the service's answer, empty where none came. `transient`:
    whether the same call may succeed later. The text is the code alone: a service's message may
    quote a value.
    """

    def __init__(
        self, code: str, answer: Mapping[str, Any] | None = None, *, transient: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.answer: Mapping[str, Any] = answer or {}
        self.transient = transient
