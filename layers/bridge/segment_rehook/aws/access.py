"""Region, credentials and endpoints, from the environment variables that Lambda sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.aws.settings import SettingsInvalid
from segment_rehook.rehook.safe_url import SafeUrl, UrlInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

# They stand for endpoints whose names differ by service and partition.
UNSUPPORTED = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the stack's services are, and the keys of the function's role.

    Lambda sets the keys when it starts a process, and ends the process before they expire.
    `url_suffix`: the end of AWS's host names in this partition (CloudFormation's
    `AWS::URLSuffix`).
    """

    region: str
    key_id: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    url_suffix: str
    endpoints: Mapping[str, str]

    @classmethod
    def read(cls, environment: Mapping[str, str], url_suffix: str) -> Access:
        """Read the variables. Raises SettingsInvalid if one is missing or not supported."""
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION", "")
        key_id = environment.get("AWS_ACCESS_KEY_ID", "")
        secret_key = environment.get("AWS_SECRET_ACCESS_KEY", "")
        needed = {
            "AWS_REGION": region,
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret_key,
        }
        mistakes = [f"{name} must be set." for name, value in needed.items() if not value]
        mistakes += [
            f"{name} is not supported: set AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SQS and"
            " AWS_ENDPOINT_URL_SSM to the endpoints instead."
            for name in UNSUPPORTED
            if environment.get(name, "").lower() == "true"
        ]
        prefix = "AWS_ENDPOINT_URL"
        endpoints = {
            name.removeprefix(prefix).removeprefix("_").lower(): value
            for name, value in environment.items()
            if name.startswith(prefix) and value
        }
        for service, url in endpoints.items():
            try:
                SafeUrl.parse(url)
            except UrlInvalid as error:
                name = f"{prefix}_{service.upper()}".rstrip("_")
                mistakes.append(f"{name} is {url!r}: {error}.")
        if mistakes:
            raise SettingsInvalid(mistakes)
        return cls(
            region=region,
            key_id=key_id,
            secret_key=secret_key,
            session_token=environment.get("AWS_SESSION_TOKEN") or None,
            url_suffix=url_suffix,
            endpoints=endpoints,
        )

    def endpoint(self, service: str) -> str:
        """Give a service's URL: AWS_ENDPOINT_URL_{SERVICE}, AWS_ENDPOINT_URL, or AWS's own."""
        configured = self.endpoints.get(service) or self.endpoints.get("")
        return configured or f"https://{service}.{self.region}.{self.url_suffix}"
