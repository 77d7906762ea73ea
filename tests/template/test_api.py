"""The way in: routes, format, throttling, an access log without personal data."""

from __future__ import annotations

import json

from tests.template.stack import properties

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
    """Segment lets its user choose POST, PUT or PATCH: segment-delivery reference."""
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
    """What is refused here is a 429, which Segment retries."""
    assert properties("HttpApi")["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ThrottlingRate"},
        "ThrottlingBurstLimit": {"Ref": "ThrottlingBurst"},
    }


def test_the_access_log_holds_json_and_no_personal_data() -> None:
    """No header, query, path or body variable; the client is Segment, not a person."""
    settings = properties("HttpApi")["AccessLogSettings"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    assert set(json.loads(settings["Format"]).values()) == LOGGED
