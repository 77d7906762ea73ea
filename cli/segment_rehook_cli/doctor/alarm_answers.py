"""What `doctor --alarm NAME` looks at for each alarm, and what it advises to run.

reasons     the metric that counts deliveries by reason; what the alarm watches is shown anyway
only        the reasons that matter; all where there are none
refusals    which requests are counted by their code: a condition of Logs Insights
samples     which outcomes' message ids are shown: a condition of Logs Insights
hours       how far it looks back
next        the words of the command of this command line; or a command of AWS's, with REGION
            and the stack's outputs in braces
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from segment_rehook.delivery.outcomes import Parked, Stored

__all__ = ["ALARM_ANSWERS", "AlarmAnswer", "answer_for"]

PARKED, STORED = "DeliveriesParked", "DeliveriesStored"
REASONS: Final[Mapping[str, tuple[str, ...]]] = {PARKED: tuple(Parked), STORED: tuple(Stored)}
DAYS_PARKED: Final = 14
_PARKED: Final = 'outcome = "parked"'
_STORED: Final = 'outcome = "stored"'
_FAILED: Final = 'outcome = "failed"'
_SERVER_ERROR: Final = "status >= 500"
_UNEXPECTED: Final = 'reason = "unexpected" or reason = "crashes"'
_INGEST_LOG: Final = "aws logs tail {IngestLogGroup} --region {region} --since 3h"
_REDRIVE_LOG: Final = "aws logs tail {RedriveLogGroup} --region {region} --since 3h"
_QUOTA: Final = "aws lambda get-account-settings --region {region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAnswer:
    """Of one alarm; see above. `oldest`: the samples are the oldest ones, not the latest."""

    next: str
    reasons: str | None = None
    only: tuple[str, ...] = ()
    refusals: str | None = None
    samples: str | None = None
    hours: int = 3
    oldest: bool = False

    def counted(self) -> tuple[str, ...]:
        """Give the reasons whose counts are shown."""
        return self.only or REASONS.get(self.reasons or "", ())


ALARM_ANSWERS: Final[Mapping[str, AlarmAnswer]] = {
    "EventsUnaccounted": AlarmAnswer(samples=_FAILED, hours=24, next="tail"),
    "EventsParkedLately": AlarmAnswer(
        reasons=PARKED, samples=_PARKED, hours=1, next="failures list --queue parked"
    ),
    "EventsParked": AlarmAnswer(
        reasons=PARKED, samples=_PARKED, hours=DAYS_PARKED * 24, next="failures list --queue parked"
    ),
    "ParkedEventsExpireSoon": AlarmAnswer(
        reasons=PARKED,
        samples=_PARKED,
        hours=DAYS_PARKED * 24,
        oldest=True,
        next="failures export --output parked.ndjson",
    ),
    "DeadLettersWaitLong": AlarmAnswer(
        reasons=STORED, samples=_STORED, hours=24, oldest=True, next="failures list --queue waiting"
    ),
    "DeadLettersPileUp": AlarmAnswer(
        reasons=STORED, samples=_STORED, hours=24, next="failures list --queue waiting"
    ),
    "RehookFails": AlarmAnswer(reasons=STORED, samples=_STORED, next="doctor"),
    "BreakerStaysOpen": AlarmAnswer(reasons=STORED, samples=_STORED, hours=6, next="doctor"),
    "NotDelivering": AlarmAnswer(
        reasons=STORED,
        only=(Stored.PAUSED,),
        samples='reason = "paused" or reason = "dry_run"',
        hours=24,
        next="mode deliver",
    ),
    "CredentialsRefused": AlarmAnswer(
        reasons=STORED,
        only=(Stored.CREDENTIALS,),
        samples='reason = "credentials"',
        next="secrets put rehook/api-key rehook/api-secret",
    ),
    "SecretsUnavailable": AlarmAnswer(refusals=_SERVER_ERROR, next="doctor"),
    "WebhookRefuses": AlarmAnswer(refusals=_SERVER_ERROR, samples=_FAILED, next="doctor"),
    "RequestsRefused": AlarmAnswer(refusals="status < 500", next="secrets status"),
    "IngestErrors": AlarmAnswer(samples=_UNEXPECTED, next=_INGEST_LOG),
    "IngestThrottles": AlarmAnswer(next=_QUOTA),
    "RedriveErrors": AlarmAnswer(samples=_UNEXPECTED, next=_REDRIVE_LOG),
    "RedriveThrottles": AlarmAnswer(next=_QUOTA),
    # Of deployments in steps: CodeDeploy has rolled back by itself when one of these is on.
    "IngestVersionErrors": AlarmAnswer(samples=_UNEXPECTED, next=_INGEST_LOG),
    "IngestVersionFailures": AlarmAnswer(samples=_UNEXPECTED, next=_INGEST_LOG),
    "RedriveVersionErrors": AlarmAnswer(samples=_UNEXPECTED, next=_REDRIVE_LOG),
    "RedriveVersionFailures": AlarmAnswer(samples=_UNEXPECTED, next=_REDRIVE_LOG),
}


def answer_for(logical_id: str) -> AlarmAnswer:
    """Give the answer for an alarm; one that is not known here has its own metrics only."""
    return ALARM_ANSWERS.get(logical_id, AlarmAnswer(next="doctor"))
