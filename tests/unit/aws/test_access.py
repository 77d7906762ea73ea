"""Region, credentials and endpoints come from the variables that Lambda sets."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader

from segment_rehook.aws.access import Access
from segment_rehook.aws.settings import SettingsInvalid
from tests.unit.aws.access import ENVIRONMENT, access


def regions() -> list[tuple[str, str]]:
    """Every region of every partition that AWS's own library knows, and CloudFormation's suffix."""
    partitions: list[dict[str, Any]] = Loader().load_data("partitions")["partitions"]
    return [
        (region, partition["outputs"]["dnsSuffix"])
        for partition in partitions
        for region in partition["regions"]
        if not region.endswith("-global")
    ]


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "ssm"])
def test_each_region_of_each_partition_has_the_endpoint_that_aws_gives_it(service: str) -> None:
    """The endpoint is the one that AWS's own library works out, China and GovCloud included."""
    session = botocore.session.get_session()
    session.set_credentials("made-up", "made-up")
    found, expected = {}, {}
    for region, suffix in regions():
        read = Access.read({**ENVIRONMENT, "AWS_REGION": region}, suffix)
        found[region] = read.endpoint(service)
        client = session.create_client(service, region_name=region)
        expected[region] = client.meta.endpoint_url
    assert len(found) > 30
    assert found == expected


def test_an_endpoint_can_be_set_for_one_service_or_for_all() -> None:
    """The variable of a service comes before the one of all services."""
    read = access(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ENDPOINT_URL_SQS="http://127.0.0.1:2")
    assert read.endpoint("dynamodb") == "http://127.0.0.1:1"
    assert read.endpoint("sqs") == "http://127.0.0.1:2"


def test_the_region_may_have_its_older_name() -> None:
    """AWS_DEFAULT_REGION counts where AWS_REGION is not set."""
    assert access(AWS_REGION="", AWS_DEFAULT_REGION="eu-north-1").region == "eu-north-1"


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_missing_variable_is_named(name: str) -> None:
    """A function without region or keys does not start, and says what is missing."""
    with pytest.raises(SettingsInvalid, match=f"{name} must be set"):
        access(**{name: ""})


@pytest.mark.parametrize("name", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_endpoints_that_can_not_be_worked_out_are_refused(name: str) -> None:
    """A function that was told to use FIPS endpoints must not silently use others."""
    with pytest.raises(SettingsInvalid, match=f"{name} is not supported.*AWS_ENDPOINT_URL_SQS"):
        access(**{name: "true"})
    access(**{name: "false"})


def test_an_endpoint_that_would_carry_secrets_in_clear_is_refused() -> None:
    """SSM answers with the secrets: only an address on this machine may do without TLS."""
    with pytest.raises(SettingsInvalid, match=r"AWS_ENDPOINT_URL_SSM is 'http://ssm': .*https"):
        access(AWS_ENDPOINT_URL_SSM="http://ssm")
    with pytest.raises(SettingsInvalid, match="AWS_ENDPOINT_URL is 'nowhere'"):
        access(AWS_ENDPOINT_URL="nowhere")


def test_keys_are_not_shown() -> None:
    """A log line that shows the object shows neither secret key nor session token."""
    shown = repr(access())
    assert ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] not in shown
    assert ENVIRONMENT["AWS_SESSION_TOKEN"] not in shown
