"""The functions as Lambda calls them: each takes an event and returns what Lambda expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segment_rehook import __version__
from segment_rehook.aws.gateway import http_answer, request_id, webhook_request
from segment_rehook.aws.sqs import received
from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.segment.jsontext import encode
from segment_rehook.segment.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.aws.telemetry import LambdaTelemetry
    from segment_rehook.delivery.ingest.webhook import Webhook
    from segment_rehook.delivery.ports import Clock
    from segment_rehook.delivery.redrive.batch import Redrive


@dataclass(frozen=True, slots=True)
class IngestHandler:
    """Handles API Gateway's events: POST, PUT and PATCH /segment, GET /health."""

    webhook: Webhook
    telemetry: LambdaTelemetry

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one request. `context`: Lambda's context object."""
        id_ = request_id(event)
        with self.telemetry.invocation(context.aws_request_id, request_id=id_):
            answer = self._answer(event, id_)
            headers = {"content-type": "application/json", **answer.headers}
            return http_answer(answer.status, headers, encode(answer.body))

    def _answer(self, event: dict[str, Any], id_: str | None) -> HttpAnswer:
        try:
            request = webhook_request(event)
        except Refusal as refused:
            return self.webhook.refuse(refused)
        if request.path.endswith("/health"):
            return HttpAnswer(200, {"status": "ok", "version": __version__})
        return self.webhook.handle(
            request.method, request.headers, request.body, request.received_at, id_
        )


@dataclass(frozen=True, slots=True)
class RedriveHandler:
    """Handles the dead-letter queue's messages, and reports those that SQS must keep."""

    redrive: Redrive
    telemetry: LambdaTelemetry
    clock: Clock

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Handle one batch. `context`: Lambda's context object."""
        with self.telemetry.invocation(context.aws_request_id):
            until = self.clock.monotonic() + context.get_remaining_time_in_millis() / 1000
            worked = self.redrive.run([received(record) for record in event["Records"]], until)
            kept = [{"itemIdentifier": each.message.message_id} for each in worked if each.kept]
            return {"batchItemFailures": kept}
