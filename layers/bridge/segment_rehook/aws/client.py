"""Calls to AWS services that speak JSON over HTTP, signed, with bounded retries.

Why not botocore: docs/decisions/aws-client.md. Every call that the bridge makes may be repeated
without harm (conditional writes that recognise their own nonce, sends with a deduplication id,
reads). So a call that gets no answer, or a transient error, is made once more. A service that
hangs costs at most MAX_ATTEMPTS times its time-out, and a pause of up to MAX_PAUSE_SECONDS.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.signature import Signer
from segment_rehook.rehook.connection import Connector
from segment_rehook.rehook.deadline import CallTimer, Clocks
from segment_rehook.rehook.pool import Pool
from segment_rehook.rehook.resolver import Resolver
from segment_rehook.rehook.safe_url import SafeUrl
from segment_rehook.segment.jsontext import JsonError, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.aws.access import Access
    from segment_rehook.delivery.ports import Clock, Randomness
    from segment_rehook.rehook.reply import Answer

MAX_ATTEMPTS = 2
MAX_PAUSE_SECONDS = 1.0
# The services keep an idle connection longer. One that is stale all the same costs a retry.
MAX_IDLE_SECONDS = 30.0
# BatchGetItem gives up to 16 MB.
MAX_ANSWER_BYTES = 17_000_000

OK = 200
TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
# Those of the AWS SDKs ("Retry behavior", AWS SDKs and Tools reference guide); most are a 400.
TRANSIENT_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalServerError",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# A wrong clock on this machine can cause these.
CLOCK_CODES = frozenset(
    {"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
)
# AWS accepts a signature within 5 minutes of its time.
MAX_SKEW_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is called. `timeout`: seconds for one attempt, from DNS to the whole answer."""

    name: str
    target: str
    json_version: str
    timeout: float


class AwsClient:
    """Calls one service. Thread-safe.

    `connections`: how many are kept open, at least as many as there are threads that call.
    """

    service: ClassVar[Service]

    def __init__(
        self, access: Access, clock: Clock, randomness: Randomness, *, connections: int
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._clocks = Clocks(monotonic=clock.monotonic, wall=clock.now)
        self._skew = 0.0
        url = SafeUrl.parse(access.endpoint(self.service.name))
        self._signer = Signer(
            access,
            service=self.service.name,
            host=url.authority,
            path=f"{url.path}/",
            content_type=f"application/x-amz-json-{self.service.json_version}",
        )
        connector = Connector(
            url, Resolver(url.host, url.port, self._clocks), max_answer_bytes=MAX_ANSWER_BYTES
        )
        self._pool = Pool(
            connector, self._clocks, connections=connections, max_idle=MAX_IDLE_SECONDS
        )

    def call(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation and give its answer. Raises AwsError."""
        body = _body(arguments)
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return self._attempt(operation, body)
            except AwsError as error:
                if not error.transient:
                    raise
            self._clock.sleep(self._randomness.uniform(0, MAX_PAUSE_SECONDS))
        return self._attempt(operation, body)

    def close(self) -> None:
        """Close every connection, for good."""
        self._pool.close()

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        now = self._clock.now() + self._skew
        head = self._signer.head(f"{self.service.target}.{operation}", body, now)
        timer = CallTimer(self.service.timeout, self._clocks)
        try:
            answer = self._pool.exchange(head + body, timer)
        except (OSError, ValueError) as error:
            how = "timeout" if timer.over else "failed"
            raise AwsError(f"{timer.stage}_{how}", transient=True) from error
        content = _content(answer)
        if answer.status == OK:
            if content is None:
                raise AwsError("answer_unreadable", transient=True)
            return content
        raise self._refusal(answer, content or {})

    def _refusal(self, answer: Answer, content: dict[str, Any]) -> AwsError:
        code = _code(answer, content)
        transient = answer.status in TRANSIENT_STATUSES or code in TRANSIENT_CODES
        if code in CLOCK_CODES:
            transient = self._clock_was_wrong(answer.headers.get("date", ""))
        return AwsError(code, content, transient=transient)

    def _clock_was_wrong(self, date: str) -> bool:
        """Tell whether this machine's clock is wrong by the service's, and keep the difference."""
        try:
            theirs = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        except ValueError:
            return False
        skew = theirs.timestamp() - self._clock.now()
        wrong = abs(skew - self._skew) > MAX_SKEW_SECONDS
        if wrong:
            self._skew = skew
        return wrong


def _body(arguments: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(arguments)
    except UnicodeEncodeError:  # a lone surrogate, which the service may refuse
        return encode(dict(arguments))


def _content(answer: Answer) -> dict[str, Any] | None:
    """Give the answer's JSON object, or None if the body is not a whole one."""
    checksum = answer.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(zlib.crc32(answer.body)):
        return None
    try:
        content = decode(answer.body or b"{}")
    except JsonError:
        return None
    return content if isinstance(content, dict) else None


def _code(answer: Answer, content: dict[str, Any]) -> str:
    """Give the error's code. SQS sends the code of its older protocol in a header."""
    older = answer.headers.get("x-amzn-query-error")
    if older:
        return older.partition(";")[0]
    named = content.get("__type") or answer.headers.get("x-amzn-errortype") or str(answer.status)
    return str(named).rpartition("#")[2].partition(":")[0]
