"""The check as Lambda would run it, with AWS's side on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.check.aws_side import AwsSide, serving

ARNS = {
    "INGEST_VERSION": "arn:aws:lambda:eu-west-1:123456789012:function:ingest:7",
    "INGEST_LIVE": "arn:aws:lambda:eu-west-1:123456789012:function:ingest:live",
    "REDRIVE_VERSION": "arn:aws:lambda:eu-west-1:123456789012:function:redrive:4",
    "REDRIVE_LIVE": "arn:aws:lambda:eu-west-1:123456789012:function:redrive:live",
}
"""The variables that the template gives the check, and what they are like on AWS."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSide]:
    """AWS's side, and the environment of the check."""
    side = AwsSide()
    with serving(side) as url:
        for service in ("LAMBDA", "CODEDEPLOY"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for name, arn in ARNS.items():
            monkeypatch.setenv(name, arn)
        yield side
