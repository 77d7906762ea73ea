"""The environment is checked on entry, and every mistake is named at once."""

from __future__ import annotations

import pytest

from segment_rehook.aws.settings import IngestSettings, RedriveSettings, SettingsInvalid

SQS = "https://sqs.eu-west-1.amazonaws.com/123456789012"
LEAST = {
    "SECRETS_PATH": "/segment-rehook/prod",
    "LEDGER_TABLE": "prod-Ledger-1ABC",
    "DEAD_LETTER_QUEUE_URL": f"{SQS}/prod-dead-letters.fifo",
    "PARKING_LOT_URL": f"{SQS}/prod-parking-lot.fifo",
}


def test_defaults_are_the_templates() -> None:
    """What the template gives no value for is as the documentation says."""
    assert IngestSettings.read(LEAST) == IngestSettings(
        secrets_path="/segment-rehook/prod",
        ledger_table="prod-Ledger-1ABC",
        dead_letter_queue_url=f"{SQS}/prod-dead-letters.fifo",
        parking_lot_url=f"{SQS}/prod-parking-lot.fifo",
        rehook_url="https://api.rehook.ai",
        destination_file="/opt/destination.json",
        call_timeout=2.0,
        workers=16,
        unknown_policy="retry",
        trusts_503=True,
        ordering=True,
        give_up_after=72 * 3600,
        queue_retention=864_000,
        ledger_keep=45 * 86_400,
        breaker_threshold=5,
        service="segment-rehook",
        metrics_namespace="SegmentRehook",
        log_level="INFO",
        budget=4.0,
        max_body_bytes=6_000_000,
        batch_needs_token=False,
    )
    assert RedriveSettings.read(LEAST).call_timeout == 10.0


def test_what_is_set_is_taken() -> None:
    """Each variable, in its type."""
    settings = IngestSettings.read(
        {
            **LEAST,
            "REHOOK_URL": "http://127.0.0.1:4000/",
            "DESTINATION_FILE": "/tmp/destination.json",
            "CALL_TIMEOUT_SECONDS": "1.5",
            "WORKERS": "4",
            "UNKNOWN_POLICY": "park",
            "STATUS_503": "unknown",
            "ORDERING": "off",
            "GIVE_UP_AFTER_HOURS": "0.5e1",
            "QUEUE_RETENTION_SECONDS": "172800",
            "LEDGER_DAYS": "60",
            "BREAKER_THRESHOLD": "9",
            "POWERTOOLS_SERVICE_NAME": "ingest",
            "POWERTOOLS_METRICS_NAMESPACE": "Ours",
            "LOG_LEVEL": "DEBUG",
            "BUDGET_SECONDS": "8",
            "MAX_BODY_BYTES": "100000",
            "BATCH_TOKEN": "required",
        }
    )

    assert settings.rehook_url == "http://127.0.0.1:4000"
    assert settings.destination_file == "/tmp/destination.json"
    assert (settings.call_timeout, settings.workers) == (1.5, 4)
    assert (settings.unknown_policy, settings.ordering) == ("park", False)
    assert not settings.trusts_503
    assert (settings.give_up_after, settings.queue_retention) == (18_000, 172_800)
    assert (settings.ledger_keep, settings.breaker_threshold) == (60 * 86_400, 9)
    assert (settings.service, settings.metrics_namespace) == ("ingest", "Ours")
    assert (settings.log_level, settings.budget) == ("DEBUG", 8.0)
    assert (settings.max_body_bytes, settings.batch_needs_token) == (100_000, True)


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
    """The variable, its kind, and what it is."""
    with pytest.raises(SettingsInvalid) as caught:
        IngestSettings.read({**LEAST, name: value})

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"{name} must be ")
    assert mistake.endswith(f"is {value!r}.")


def test_every_mistake_is_named_at_once() -> None:
    """Also the variables that are missing."""
    with pytest.raises(SettingsInvalid) as caught:
        RedriveSettings.read({"WORKERS": "many", "ORDERING": "maybe"})

    named = [mistake.partition(" ")[0] for mistake in caught.value.mistakes]
    assert sorted(named) == sorted([*LEAST, "WORKERS", "ORDERING"])
    assert all(name in str(caught.value) for name in LEAST)


def test_a_call_must_fit_the_budget() -> None:
    """Otherwise none would ever be started."""
    with pytest.raises(SettingsInvalid, match="BUDGET_SECONDS"):
        IngestSettings.read({**LEAST, "BUDGET_SECONDS": "2", "CALL_TIMEOUT_SECONDS": "2"})


def test_giving_up_must_come_before_sqs_forgets() -> None:
    """A day before: there must be time for the last attempt and the parking."""
    with pytest.raises(SettingsInvalid, match="SQS deletes"):
        RedriveSettings.read({**LEAST, "QUEUE_RETENTION_SECONDS": "259200"})
