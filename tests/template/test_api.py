"""The way in: routes, format, throttling, an access log without personal data."""

from __future__ import annotations

import json

import pytest
from samcli.commands.deploy.auth_utils import auth_per_resource
from samcli.lib.providers.provider import Stack

from tests.template.deployed import REGION, translated
from tests.template.stack import Tree, properties, template

# Who calls and how it went; nothing of what was said.
LOGGED = {
    "$context.requestTime",
    "$context.requestId",
    "$context.routeKey",
    "$context.status",
    "$context.responseLength",
    "$context.responseLatency",
    "$context.integrationStatus",
    "$context.integrationErrorMessage",
    "$context.identity.sourceIp",
    "$context.identity.userAgent",
}


def test_routes_are_those_of_the_webhook_and_health() -> None:
    """The routes are the health check and the webhook by POST, PUT and PATCH.

    Segment lets its user choose one of the three: segment-delivery reference.
    """
    events = [event["Properties"] for event in properties("IngestFunction")["Events"].values()]
    assert sorted((event["Method"], event["Path"]) for event in events) == [
        ("GET", "/health"),
        ("PATCH", "/segment"),
        ("POST", "/segment"),
        ("PUT", "/segment"),
    ]
    for event in events:
        assert event["PayloadFormatVersion"] == "2.0"
        assert event["ApiId"] == {"Ref": "HttpApi"}


def test_requests_are_throttled_by_the_parameters() -> None:
    """API Gateway throttles requests by the parameters: its 429 is what Segment retries."""
    assert properties("HttpApi")["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ThrottlingRate"},
        "ThrottlingBurstLimit": {"Ref": "ThrottlingBurst"},
    }


def test_the_access_log_holds_json_and_no_personal_data() -> None:
    """The access log is JSON without any header, query, path or body."""
    settings = properties("HttpApi")["AccessLogSettings"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    assert set(json.loads(settings["Format"]).values()) == LOGGED


# samcli calls what its libraries are about to remove.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_guided_deploys_take_the_missing_authorizer_for_meant() -> None:
    """Each route says for `sam deploy --guided` that it is meant to have no authorizer.

    SAM asks about each route otherwise, and Enter alone ends the deployment. Segment can't sign for
    an authorizer of API Gateway: the function checks its requests itself.
    """

    def asked_about(written: Tree) -> list[bool]:
        stack = Stack("", "", "template.yaml", {}, written)
        return [not has_auth for _, has_auth in auth_per_resource([stack])]

    written = template()
    assert asked_about(written) == [False] * 4
    del written["Resources"]["HttpApi"]["Properties"]["Auth"]
    assert asked_about(written) == [True] * 4


def test_no_route_has_an_authorizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No route that is deployed has an authorizer."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with_auth = translated()
    written = template()
    del written["Resources"]["HttpApi"]["Properties"]["Auth"]
    assert translated(written)["HttpApi"] == with_auth["HttpApi"]
