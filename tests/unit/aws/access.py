"""What Lambda's environment gives the clients, for a service on this machine."""

from __future__ import annotations

from segment_rehook.aws.access import Access

ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a/session+token==",
}


def access(**changes: str) -> Access:
    """Read the environment with some variables changed."""
    return Access.read({**ENVIRONMENT, **changes}, "amazonaws.com")
