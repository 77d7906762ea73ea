"""The environment of each function as one typed object, checked when the function starts.

Names and ranges are those of the template's parameters. The error lists every mistake: the
variable, what it must be, and what it is. No variable is secret: the secrets are in SSM.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segment_rehook.delivery.settings import DAY, HOUR, IngestSettings, RedriveSettings
from segment_rehook.rehook.safe_url import SafeUrl, UrlInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segment_rehook.delivery.settings import SharedSettings

SERVICE, NAMESPACE = "segment-rehook", "SegmentRehook"


class SettingsInvalid(ValueError):
    """The environment has mistakes. `mistakes` has one sentence for each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("The function's environment: " + " ".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings:
    """Names and addresses of the stack's parts, and what only the ports' real sides need."""

    url_suffix: str
    secrets_path: str
    ledger_table: str
    dead_letter_queue_url: str
    parking_lot_url: str
    rehook_url: str
    destination_file: str
    trusts_503: bool
    service: str
    metrics_namespace: str
    log_level: str
    tracing: bool


def ingest_settings(environment: Mapping[str, str]) -> tuple[StackSettings, IngestSettings]:
    """Read and check the ingest function's environment. Raises SettingsInvalid."""
    reader = _Reader(environment)
    default = IngestSettings()
    stack = _stack(reader)
    settings = IngestSettings(
        **_shared(reader, default),
        budget=reader.number("BUDGET_SECONDS", 1, 8, default=default.budget),
        max_body_bytes=reader.whole(
            "MAX_BODY_BYTES", 100_000, 6_000_000, default=default.max_body_bytes
        ),
        batches_need_token=reader.choice("BATCH_TOKEN", "optional", "required") == "required",
    )
    reader.insist(
        settings.call_timeout < settings.budget,
        "CALL_TIMEOUT_SECONDS must be less than BUDGET_SECONDS, or no call could be started.",
    )
    reader.finish()
    return stack, settings


def redrive_settings(environment: Mapping[str, str]) -> tuple[StackSettings, RedriveSettings]:
    """Read and check the redrive function's environment. Raises SettingsInvalid."""
    reader = _Reader(environment)
    default = RedriveSettings()
    stack = _stack(reader)
    hours = reader.number("GIVE_UP_AFTER_HOURS", 1, 216, default=default.give_up_after / HOUR)
    settings = RedriveSettings(
        **_shared(reader, default),
        give_up_after=int(hours * HOUR),
        queue_retention=reader.whole(
            "QUEUE_RETENTION_SECONDS", 2 * DAY, 14 * DAY, default=default.queue_retention
        ),
    )
    reader.insist(
        settings.give_up_after <= settings.hard_stop,
        "GIVE_UP_AFTER_HOURS must end a day before QUEUE_RETENTION_SECONDS does: SQS deletes then.",
    )
    reader.finish()
    return stack, settings


def _stack(reader: _Reader) -> StackSettings:
    return StackSettings(
        url_suffix=reader.text(
            "URL_SUFFIX", r"[a-z0-9.-]+", "the end of AWS's host names", default="amazonaws.com"
        ),
        secrets_path=reader.text("SECRETS_PATH", r"(/[\w.-]+)+", "a path such as /a/b"),
        ledger_table=reader.text("LEDGER_TABLE", r"\S+", "a DynamoDB table's name"),
        dead_letter_queue_url=reader.url("DEAD_LETTER_QUEUE_URL"),
        parking_lot_url=reader.url("PARKING_LOT_URL"),
        rehook_url=reader.url("REHOOK_URL", default="https://api.rehook.ai").rstrip("/"),
        destination_file=reader.text(
            "DESTINATION_FILE", r".+", "a file's path", default="/opt/destination.json"
        ),
        trusts_503=reader.choice("STATUS_503", "unprocessed", "unknown") == "unprocessed",
        service=reader.text("POWERTOOLS_SERVICE_NAME", r".+", "a name", default=SERVICE),
        metrics_namespace=reader.text(
            "POWERTOOLS_METRICS_NAMESPACE", r"[\w.\-#:/]{1,255}", "a namespace", default=NAMESPACE
        ),
        log_level=reader.choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR"),
        tracing=reader.choice("TRACING", "off", "on") == "on",
    )


def _shared(reader: _Reader, default: SharedSettings) -> dict[str, Any]:
    """The members of `SharedSettings` that an operator may set."""
    days = reader.whole("LEDGER_DAYS", 45, 3650, default=default.ledger_keep // DAY)
    return {
        "call_timeout": reader.number(
            "CALL_TIMEOUT_SECONDS", 0.1, 60, default=default.call_timeout
        ),
        "workers": reader.whole("WORKERS", 1, 64, default=default.workers),
        "park_unknown": reader.choice("UNKNOWN_POLICY", "retry", "park") == "park",
        "ordered": reader.choice("ORDERING", "on", "off") == "on",
        "ledger_keep": days * DAY,
        "breaker_threshold": reader.whole(
            "BREAKER_THRESHOLD", 1, 1000, default=default.breaker_threshold
        ),
    }


class _Reader:
    """Reads variables and collects their mistakes. A wrong variable is read as its default."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def text(self, name: str, pattern: str, kind: str, *, default: str | None = None) -> str:
        value = self._environment.get(name, default)
        if value is not None and re.fullmatch(pattern, value):
            return value
        self._mistake(name, kind)
        return default or ""

    def url(self, name: str, *, default: str | None = None) -> str:
        """Read an https URL, or an http URL of this machine: credentials and events go there."""
        value = self._environment.get(name, default) or ""
        try:
            SafeUrl.parse(value)
        except UrlInvalid:
            self._mistake(name, "an https URL without user name, query or fragment")
            return default or ""
        return value

    def choice(self, name: str, *options: str) -> str:
        """Read one of `options`; the first is the default."""
        value = self._environment.get(name, options[0])
        if value in options:
            return value
        self._mistake(name, "one of " + ", ".join(options))
        return options[0]

    def number(self, name: str, low: float, high: float, *, default: float) -> float:
        return self._number(name, low, high, default, "a number")

    def whole(self, name: str, low: int, high: int, *, default: int) -> int:
        number = self._number(name, low, high, default, "a whole number")
        if number == int(number):
            return int(number)
        self._mistake(name, f"a whole number from {low:g} to {high:g}")
        return default

    def insist(self, holds: bool, mistake: str) -> None:  # noqa: FBT001 — a condition, as in assert
        """Add a mistake if the condition does not hold."""
        if not holds:
            self._mistakes.append(mistake)

    def finish(self) -> None:
        """Raise SettingsInvalid if there are mistakes."""
        if self._mistakes:
            raise SettingsInvalid(self._mistakes)

    def _number(self, name: str, low: float, high: float, default: float, kind: str) -> float:
        text = self._environment.get(name)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if low <= number <= high:
            return number
        self._mistake(name, f"{kind} from {low:,.12g} to {high:,.12g}")
        return default

    def _mistake(self, name: str, kind: str) -> None:
        found = self._environment.get(name)
        shown = "is not set" if found is None else f"is {found!r}"
        self._mistakes.append(f"{name} must be {kind}, and {shown}.")
