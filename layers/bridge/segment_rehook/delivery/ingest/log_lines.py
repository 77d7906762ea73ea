"""The lines that ingest logs about a request's events, one for each delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.outcome_line import OutcomeLine
from segment_rehook.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segment_rehook.delivery.ingest.answer import EventReport
    from segment_rehook.delivery.ingest.planner import Decision
    from segment_rehook.delivery.outcomes import Result

# The reasons why an event is ignored are cut: fifty subscriptions may have one each.
MAX_IGNORED_CHARACTERS = 1_000


class LogLines(msgspec.Struct, frozen=True):
    """Makes the lines. `mapping`: the version of destination.json. `user_key`: see `Secrets`."""

    mapping: str
    user_key: bytes | None

    def of(self, report: EventReport, parts: Sequence[Decision]) -> Iterator[OutcomeLine]:
        """Give a line for each subscription's part of an event, or one if it has no part."""
        if not parts:
            yield OutcomeLine(
                outcome=Outcome.IGNORED.value,
                message_id=report.message_id,
                mapping=self.mapping,
                ignored=_reasons(report)[:MAX_IGNORED_CHARACTERS] or None,
            )
        for part, (_, result) in zip(parts, report.deliveries, strict=True):
            yield self._line(report.message_id, part, result)

    def _line(self, message_id: str | None, part: Decision, result: Result) -> OutcomeLine:
        delivery = part.delivery
        if delivery is None:
            return OutcomeLine(
                outcome=result.outcome.value,
                reason=result.reason,
                message_id=message_id,
                subscription=part.subscription,
                mapping=self.mapping,
            )
        key = self.user_key
        return OutcomeLine(
            outcome=result.outcome.value,
            reason=result.reason,
            message_id=message_id,
            delivery=delivery.id,
            subscription=part.subscription,
            action=delivery.action or None,
            code=result.code,
            rehook_request_id=result.request_id,
            milliseconds=result.milliseconds,
            tries=1,
            mapping=self.mapping,
            user=ids.logged_user(delivery.user, key) if key else None,
            received_at=delivery.origin.received_at(result.reason),
        )


def _reasons(report: EventReport) -> str:
    return "; ".join(f"{each.subscription}: {each.why}" for each in report.ignored)
