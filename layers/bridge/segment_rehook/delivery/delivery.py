"""One delivery: an event for a subscription, and all that is known before the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.queues.origin import UNKNOWN_ORIGIN, Origin
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES
from segment_rehook.rehook.plan import Call, MappingFault

if TYPE_CHECKING:
    from segment_rehook.rehook.plan import Request
    from segment_rehook.segment.event import Event

_SMALL = MAX_MESSAGE_BYTES // 6
"""Messages are in ASCII, where a character takes at most three times its bytes in UTF-8. So many
bytes take at most half a message."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A delivery to be made. `user` is a hash. `fault` says why the event could not be mapped.

    `origin` is for the log. The repr leaves out the event, the request and the user.
    """

    id: str
    user: str
    content: str
    action: str
    request: Request | None
    event: bytes
    fault: str | None = None
    origin: Origin = UNKNOWN_ORIGIN

    def __repr__(self) -> str:
        return f"Delivery(id={self.id!r}, action={self.action!r}, fault={self.fault!r})"

    @classmethod
    def of(
        cls,
        event: Event,
        key: str,
        planned: Call | MappingFault,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> Delivery:
        """Make the delivery for a plan's entry.

        `key` is the event's own (`ids.event_key`); a business key replaces it.
        """
        by_business_key = planned.key is not None
        key = ids.business_key(planned.key) if planned.key is not None else key
        content = ids.fingerprint(event, by_business_key=by_business_key)
        if isinstance(planned, MappingFault):
            user = event.member("userId")
            source_id = user if isinstance(user, str) else ""
            return cls(
                id=ids.delivery_id(key, planned.subscription),
                user=ids.user_hash(source_id),
                content=content,
                action="",
                request=None,
                event=event.raw,
                fault=planned.detail,
                origin=origin,
            )
        return cls(
            id=ids.delivery_id(key, planned.subscription),
            user=ids.user_hash(planned.user),
            content=content,
            action=planned.action,
            request=planned.request,
            event=event.raw,
            origin=origin,
        )

    def fits_a_message(self) -> bool:
        """Whether a message can hold it. Segment's limit, 32 KB an event, is far below SQS's."""
        request = self.request.body if self.request else b""
        if len(self.event) + len(request) < _SMALL:
            return True
        widest = self.letter("ledger_unavailable", token=10**9, nonce="0" * 32, mark="0" * 32)
        return not widest.for_dead_letters(ordered=True).too_large

    def letter(self, reason: str, *, token: int = 0, nonce: str = "", mark: str = "") -> Letter:
        """Make its message, under the claim of `token` and `nonce`, or under none."""
        header = Header(
            delivery=self.id,
            user=self.user,
            content=self.content,
            reason=reason,
            token=token,
            nonce=nonce,
            mark=mark,
        )
        return Letter(
            header=header,
            action=self.action,
            request=self.request,
            event=self.event,
            origin=self.origin,
        )
