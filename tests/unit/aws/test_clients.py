"""The AWS clients are made for a webhook's budget, and importing the adapters makes none."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Literal

import pytest

from segment_rehook.aws.clients import client


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "ssm"])
def test_a_service_that_hangs_costs_a_few_seconds_at_most(
    service: Literal["dynamodb", "sqs", "ssm"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two attempts, each with its own short time-outs; the library's are a minute each."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")

    config: Any = client(service, connections=7).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 2}
    assert config.connect_timeout + config.read_timeout <= 3
    assert config.max_pool_connections == 7


def test_importing_the_adapters_does_not_import_the_clients() -> None:
    """boto3 takes a tenth of a second: who needs no client should not pay for it."""
    program = (
        "import sys\n"
        "import segment_rehook.aws.dynamodb, segment_rehook.aws.sqs, segment_rehook.aws.ssm\n"
        "import segment_rehook.aws.settings, segment_rehook.aws.gateway\n"
        "sys.exit('boto3' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
