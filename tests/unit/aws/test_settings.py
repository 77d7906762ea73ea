"""Tests of the settings that are read from environment variables."""

from __future__ import annotations

import pytest

from segment_rehook.aws.settings import (
    SettingsInvalid,
    StackSettings,
    ingest_settings,
    redrive_settings,
)
from segment_rehook.delivery.settings import DAY, IngestSettings, RedriveSettings

READER = {
    "GIVE_UP_AFTER_HOURS": redrive_settings,
    "QUEUE_RETENTION_SECONDS": redrive_settings,
}
SQS = "https://sqs.eu-west-1.amazonaws.com/123456789012"
LEAST = {
    "SECRETS_PATH": "/segment-rehook/prod",
    "LEDGER_TABLE": "prod-Ledger-1ABC",
    "DEAD_LETTER_QUEUE_URL": f"{SQS}/prod-dead-letters.fifo",
    "PARKING_LOT_URL": f"{SQS}/prod-parking-lot.fifo",
}


def test_defaults_are_the_codes_own() -> None:
    """A variable that is not set has the default of `delivery/settings.py`."""
    stack = StackSettings(
        url_suffix="amazonaws.com",
        secrets_path="/segment-rehook/prod",
        ledger_table="prod-Ledger-1ABC",
        dead_letter_queue_url=f"{SQS}/prod-dead-letters.fifo",
        parking_lot_url=f"{SQS}/prod-parking-lot.fifo",
        rehook_url="https://api.rehook.ai",
        destination_file="/opt/destination.json",
        trusts_503=True,
        service="segment-rehook",
        metrics_namespace="SegmentRehook",
        log_level="INFO",
        tracing=False,
    )
    assert ingest_settings(LEAST) == (stack, IngestSettings())
    assert redrive_settings(LEAST) == (stack, RedriveSettings())


def test_the_documented_defaults() -> None:
    """The defaults are those that the docs name; times are in seconds."""
    ingest, redrive = IngestSettings(), RedriveSettings()

    assert (ingest.call_timeout, ingest.budget, ingest.max_body_bytes) == (2.0, 4.0, 6_000_000)
    assert not ingest.batches_need_token
    assert (redrive.call_timeout, redrive.give_up_after) == (10.0, 72 * 3600)
    assert (redrive.queue_retention, redrive.hard_stop) == (10 * DAY, 9 * DAY)
    for each in (ingest, redrive):
        assert (each.workers, each.ordered, each.park_unknown) == (16, True, False)
        assert (each.ledger_keep, each.breaker_threshold) == (45 * DAY, 5)


SET = {
    **LEAST,
    "URL_SUFFIX": "amazonaws.com.cn",
    "REHOOK_URL": "http://127.0.0.1:4000/",
    "DESTINATION_FILE": "/tmp/destination.json",
    "CALL_TIMEOUT_SECONDS": "1.5",
    "WORKERS": "4",
    "UNKNOWN_POLICY": "park",
    "STATUS_503": "unknown",
    "ORDERING": "off",
    "LEDGER_DAYS": "60",
    "BREAKER_THRESHOLD": "9",
    "POWERTOOLS_SERVICE_NAME": "ingest",
    "POWERTOOLS_METRICS_NAMESPACE": "Ours",
    "LOG_LEVEL": "DEBUG",
}


def test_what_is_set_for_ingest_is_taken() -> None:
    """Each variable of the ingest function is read, and converted to its type and unit."""
    stack, settings = ingest_settings(
        {**SET, "BUDGET_SECONDS": "8", "MAX_BODY_BYTES": "100000", "BATCH_TOKEN": "required"}
    )

    assert (stack.rehook_url, stack.trusts_503) == ("http://127.0.0.1:4000", False)
    assert stack.destination_file == "/tmp/destination.json"
    assert stack.url_suffix == "amazonaws.com.cn"
    assert (stack.service, stack.metrics_namespace, stack.log_level) == ("ingest", "Ours", "DEBUG")
    assert settings == IngestSettings(
        call_timeout=1.5,
        workers=4,
        ordered=False,
        park_unknown=True,
        ledger_keep=60 * DAY,
        breaker_threshold=9,
        budget=8.0,
        max_body_bytes=100_000,
        batches_need_token=True,
    )


def test_what_is_set_for_redrive_is_taken() -> None:
    """Each variable of the redrive function is read, and converted to its type and unit."""
    _, settings = redrive_settings(
        {**SET, "GIVE_UP_AFTER_HOURS": "0.5e1", "QUEUE_RETENTION_SECONDS": "172800"}
    )

    assert settings == RedriveSettings(
        call_timeout=1.5,
        workers=4,
        ordered=False,
        park_unknown=True,
        ledger_keep=60 * DAY,
        breaker_threshold=9,
        give_up_after=18_000,
        queue_retention=172_800,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRETS_PATH", "segment-rehook/prod"),
        ("SECRETS_PATH", "/segment-rehook/"),
        ("LEDGER_TABLE", ""),
        ("DEAD_LETTER_QUEUE_URL", "dead-letters"),
        ("PARKING_LOT_URL", "arn:aws:sqs:eu-west-1:1:x"),
        ("REHOOK_URL", "http://api.rehook.ai"),
        ("REHOOK_URL", "https://key:secret@api.rehook.ai"),
        ("REHOOK_URL", "https://api.rehook.ai/?a=1"),
        ("REHOOK_URL", "https://[::1"),
        ("REHOOK_URL", "https://api.rehook.ai:99999"),
        ("CALL_TIMEOUT_SECONDS", "fast"),
        ("CALL_TIMEOUT_SECONDS", "nan"),
        ("CALL_TIMEOUT_SECONDS", "inf"),
        ("WORKERS", "0"),
        ("WORKERS", "2.5"),
        ("UNKNOWN_POLICY", "Retry"),
        ("STATUS_503", "503"),
        ("ORDERING", "true"),
        ("GIVE_UP_AFTER_HOURS", "217"),
        ("QUEUE_RETENTION_SECONDS", "60"),
        ("LEDGER_DAYS", "44"),
        ("BREAKER_THRESHOLD", ""),
        ("LOG_LEVEL", "LOUD"),
        ("BUDGET_SECONDS", "9"),
        ("MAX_BODY_BYTES", "6000001"),
        ("BATCH_TOKEN", "yes"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str) -> None:
    """A wrong value is refused with the variable's name, what is allowed, and the value."""
    with pytest.raises(SettingsInvalid) as caught:
        READER.get(name, ingest_settings)({**LEAST, name: value})

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"{name} must be ")
    assert mistake.endswith(f"is {value!r}.")


def test_every_mistake_is_named_at_once() -> None:
    """All mistakes are named in one error, missing variables included."""
    with pytest.raises(SettingsInvalid) as caught:
        redrive_settings({"WORKERS": "many", "ORDERING": "maybe"})

    named = [mistake.partition(" ")[0] for mistake in caught.value.mistakes]
    assert sorted(named) == sorted([*LEAST, "WORKERS", "ORDERING"])
    assert all(name in str(caught.value) for name in LEAST)


def test_a_call_must_fit_the_budget() -> None:
    """A call's time-out that does not fit into the budget is refused."""
    with pytest.raises(SettingsInvalid, match="BUDGET_SECONDS"):
        ingest_settings({**LEAST, "BUDGET_SECONDS": "2", "CALL_TIMEOUT_SECONDS": "2"})


def test_giving_up_must_come_before_sqs_forgets() -> None:
    """A queue retention that ends less than a day after giving up is refused."""
    with pytest.raises(SettingsInvalid, match="SQS deletes"):
        redrive_settings({**LEAST, "QUEUE_RETENTION_SECONDS": "259200"})
