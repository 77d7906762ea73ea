"""Requests are signed as AWS's own library signs them."""

from __future__ import annotations

import datetime as dt
from email.parser import BytesParser

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.signature import Signer
from tests.unit.aws.access import ENVIRONMENT, access

NOON = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)
DAY = 86_400
SIGNED = {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"}


def head(signer: Signer, body: bytes, now: float) -> dict[str, str]:
    """The headers that the signer writes, their names in lower case."""
    line, _, rest = signer.head("Amazon.Do", body, now).partition(b"\r\n")
    assert line.split()[0] == b"POST"
    return {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}


def expected(headers: dict[str, str], url: str, body: bytes, now: float) -> str:
    """The Authorization header that botocore makes of a request with the same headers."""
    keys = Credentials(ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
    signer = SigV4Auth(keys, "sqs", "eu-west-1")
    signed = {name: text for name, text in headers.items() if name in SIGNED}
    request = AWSRequest("POST", url, signed, body)
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    names = signer.signed_headers(signer.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, "
        f"Signature={signer.signature(text, request)}"
    )


@pytest.mark.parametrize("token", [ENVIRONMENT["AWS_SESSION_TOKEN"], ""])
@pytest.mark.parametrize("path", ["/", "/below/"])
@given(body=st.binary(), seconds=st.integers(0, 3 * DAY))
def test_a_signature_is_the_one_that_botocore_makes(
    token: str, path: str, body: bytes, seconds: int
) -> None:
    """Whatever the body, the time, the path and the kind of credentials."""
    signer = Signer(
        access(AWS_SESSION_TOKEN=token),
        service="sqs",
        host="127.0.0.1:4566",
        path=path,
        content_type="application/x-amz-json-1.0",
    )
    # The second one is signed with the key that was kept, or with that of another day.
    for now in (NOON.timestamp(), NOON.timestamp() + seconds):
        headers = head(signer, body, now)
        url = f"http://127.0.0.1:4566{path}"
        assert headers["authorization"] == expected(headers, url, body, now)
        assert ("x-amz-security-token" in headers) == bool(token)
        assert headers["host"] == "127.0.0.1:4566"
        assert headers["content-length"] == str(len(body))
